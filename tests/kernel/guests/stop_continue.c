/* SIGSTOP and SIGCONT: the parent sees the stop and the continuation, the child goes on. */
#include "guest.h"
int main(void)
{
	int ends[2], status;
	CHECK(pipe(ends));
	pid_t child = CHECK(fork());
	if (child == 0) {
		take(ends[0]);
		_exit(9);
	}
	CHECK(kill(child, SIGSTOP));
	CHECK(waitpid(child, &status, WUNTRACED));
	say("stopped %d by %d\n", WIFSTOPPED(status) != 0, WSTOPSIG(status));
	nap(30);
	say("still %d\n", waitpid(child, &status, WNOHANG));
	CHECK(kill(child, SIGCONT));
	CHECK(waitpid(child, &status, WCONTINUED));
	say("continued %d\n", WIFCONTINUED(status) != 0);
	give(ends[1]);
	say("status %d\n", ended(child));
	return 65;
}
