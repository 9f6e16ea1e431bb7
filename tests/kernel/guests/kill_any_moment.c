/* SIGKILL for a process that makes calls without end: death at any moment. */
#include "guest.h"
int main(void)
{
	int killed = 0;
	for (int i = 0; i < 200; i++) {
		pid_t child = CHECK(fork());
		if (child == 0) {
			/* Calls until the end, so that it comes between them and in them. The result of each
			 * is 0, read: strace 6.1 may take the last result for the number of a call. */
			for (;;)
				sched_yield();
		}
		if (i % 2)
			usleep(100);
		CHECK(kill(child, SIGKILL));
		killed += ended(child) == 137;
	}
	usleep(1);
	say("killed %d\n", killed);
	return 80;
}
