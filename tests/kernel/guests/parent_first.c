/* The first process dies by a signal while its children run on. */
#include "guest.h"
int main(void)
{
	pid_t first = getpid();
	if (CHECK(fork()) == 0) {
		CHECK(kill(first, SIGKILL));
		while (getppid() == first)
			nap(1);
		nap(50);
		say("child after it\n");
		_exit(0);
	}
	for (;;)
		pause();
}
