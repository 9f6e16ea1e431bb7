/* Ctrl-C and Ctrl-backslash on a terminal reach its foreground group, all of it. */
#include "tty.h"
static void caught(int signal)
{
	(void)signal;
}
static int ready[2];
static int session(void)
{
	handle(SIGINT, caught, 0);
	handle(SIGQUIT, caught, 0);
	sigset_t set, old;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	CHECK(sigprocmask(SIG_BLOCK, &set, &old));
	pid_t child = CHECK(fork());
	if (child == 0) {
		signal(SIGINT, SIG_DFL);
		CHECK(sigprocmask(SIG_SETMASK, &old, NULL));
		for (;;)
			pause();
	}
	give(ready[1]);
	int first = sigwaitinfo(&set, NULL);
	say("leader %d, child %d\n", first, ended(child));
	give(ready[1]);
	int second = sigwaitinfo(&set, NULL);
	say("leader %d\n", second);
	return 4;
}
int main(void)
{
	CHECK(pipe(ready));
	pid_t leader = on_terminal(session);
	take(ready[0]);
	CHECK(write(master, "\003", 1));
	take(ready[0]);
	CHECK(write(master, "\034", 1));
	return 68 + ended(leader);
}
