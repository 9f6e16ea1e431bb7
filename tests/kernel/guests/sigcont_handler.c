/* SIGCONT with a handler, and SIGTSTP with one that stops the process itself. */
#include "guest.h"
static void continued(int signal)
{
	(void)signal;
	say("continued\n");
}
static void suspended(int signal)
{
	say("cleans up\n");
	handle(signal, SIG_DFL, 0);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, signal);
	raise(signal);
	CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL));
	say("again\n");
}
int main(void)
{
	int status, ready[2], ends[2];
	CHECK(pipe(ready));
	CHECK(pipe(ends));
	pid_t child = CHECK(fork());
	if (child == 0) {
		/* Not an orphaned group, in which SIGTSTP would do nothing: the parent is in the session. */
		CHECK(setpgid(0, 0));
		handle(SIGCONT, continued, SA_RESTART);
		handle(SIGTSTP, suspended, SA_RESTART);
		give(ready[1]);
		take(ends[0]);
		_exit(4);
	}
	take(ready[0]);
	nap(20);
	CHECK(kill(child, SIGTSTP));
	CHECK(waitpid(child, &status, WUNTRACED));
	say("stopped by %d\n", WSTOPSIG(status));
	CHECK(kill(child, SIGCONT));
	nap(50);
	give(ends[1]);
	say("status %d\n", ended(child));
	return 127;
}
