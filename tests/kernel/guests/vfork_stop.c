/* A stop of a child of vfork, while its parent waits for it. */
#include "guest.h"
int main(void)
{
	int ends[2];
	CHECK(pipe(ends));
	pid_t other = CHECK(fork());
	if (other == 0) {
		pid_t child;
		ASSERT(read(ends[0], &child, sizeof child) == sizeof child);
		nap(50);
		CHECK(kill(child, SIGCONT));
		_exit(0);
	}
	pid_t child = vfork();
	if (child == 0) {
		pid_t me = getpid();
		if (write(ends[1], &me, sizeof me) != sizeof me)
			_exit(1);
		kill(me, SIGSTOP);
		_exit(11);
	}
	CHECK(child);
	say("child %d, other %d\n", ended(child), ended(other));
	return 124;
}
