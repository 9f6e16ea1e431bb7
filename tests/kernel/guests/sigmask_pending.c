/* Blocked signals: pending, shown by sigpending, kept over execve, delivered when unblocked. */
#include "guest.h"
static void caught(int signal)
{
	say("delivered %d\n", signal);
}
int main(int argc, char **argv)
{
	sigset_t set, pending;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (argc == 1) {
		CHECK(sigprocmask(SIG_BLOCK, &set, NULL));
		CHECK(kill(getpid(), SIGUSR1));
		execl("/proc/self/exe", argv[0], "again", NULL);
	}
	CHECK(sigpending(&pending));
	say("pending %d\n", sigismember(&pending, SIGUSR1));
	handle(SIGUSR1, caught, 0);
	CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL));
	return 55;
}
