/* SIGCHLD for fifty children that die at once: all are reaped in the handler. */
#include "guest.h"
static volatile sig_atomic_t reaped;
static void caught(int signal)
{
	int saved = errno;
	(void)signal;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		reaped++;
	errno = saved;
}
int main(void)
{
	sigset_t set, old;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	handle(SIGCHLD, caught, SA_RESTART);
	for (int i = 0; i < 50; i++)
		if (CHECK(fork()) == 0)
			_exit(0);
	CHECK(sigprocmask(SIG_BLOCK, &set, &old));
	while (reaped < 50)
		sigsuspend(&old);
	say("reaped %d\n", reaped);
	return 60;
}
