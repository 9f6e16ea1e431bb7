/* Real-time signals queue: every one comes, the lowest number first, values in order. */
#include "guest.h"
static void caught(int signal, siginfo_t *info, void *context)
{
	(void)context;
	say("%d:%d ", signal - SIGRTMIN, info->si_value.sival_int);
}
int main(void)
{
	struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO };
	sigset_t set;
	sigfillset(&action.sa_mask);
	sigemptyset(&set);
	for (int i = SIGRTMIN; i <= SIGRTMAX; i++) {
		CHECK(sigaction(i, &action, NULL));
		sigaddset(&set, i);
	}
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL));
	for (int i = 0; i < 6; i++) {
		CHECK(sigqueue(getpid(), SIGRTMAX, (union sigval){ .sival_int = i }));
		CHECK(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 10 + i }));
		CHECK(sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 20 + i }));
	}
	CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL));
	say("\n");
	return 43;
}
