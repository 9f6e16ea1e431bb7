/* SA_RESTART: a read that a handler interrupts goes on and gets its byte. */
#include "guest.h"
static volatile sig_atomic_t count;
static void caught(int signal)
{
	(void)signal;
	count++;
}
int main(void)
{
	int ends[2];
	pid_t parent = getpid();
	CHECK(pipe(ends));
	handle(SIGUSR1, caught, SA_RESTART);
	if (CHECK(fork()) == 0) {
		for (int i = 0; i < 5; i++) {
			nap(20);
			CHECK(kill(parent, SIGUSR1));
		}
		nap(20);
		give(ends[1]);
		_exit(0);
	}
	take(ends[0]);
	say("read after %d signals\n", count);
	return 45;
}
