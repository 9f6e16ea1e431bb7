/* The first process stops itself and its child continues it. */
#include "guest.h"
#include <poll.h>
int main(void)
{
	pid_t parent = getpid();
	pid_t child = CHECK(fork());
	if (child == 0) {
		nap(100);
		CHECK(kill(parent, SIGCONT));
		_exit(4);
	}
	CHECK(raise(SIGSTOP));
	say("continued\n");
	return 63 + ended(child);
}
