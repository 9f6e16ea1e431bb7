/* sigqueue between processes: the value and the sender arrive. */
#include "guest.h"
static volatile sig_atomic_t value;
static volatile pid_t sender;
static void caught(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	value = info->si_value.sival_int;
	sender = info->si_pid;
}
int main(void)
{
	struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO };
	sigset_t set, old;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(sigprocmask(SIG_BLOCK, &set, &old));
	CHECK(sigaction(SIGUSR1, &action, NULL));
	pid_t child = CHECK(fork());
	if (child == 0) {
		CHECK(sigqueue(getppid(), SIGUSR1, (union sigval){ .sival_int = 12345 }));
		_exit(0);
	}
	while (value == 0)
		sigsuspend(&old);
	say("value %d, sender %d\n", value, sender == child);
	ended(child);
	return 50;
}
