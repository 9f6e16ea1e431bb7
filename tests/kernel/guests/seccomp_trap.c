/* A filter of its own that answers a call with SIGSYS, handled. */
#include "filter.h"
static void caught(int signal, siginfo_t *info, void *context)
{
	(void)context;
	say("signal %d, call %d\n", signal, info->si_syscall);
}
int main(void)
{
	struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO };
	CHECK(sigaction(SIGSYS, &action, NULL));
	filter(SYS_getpriority, SECCOMP_RET_TRAP, 0);
	syscall(SYS_getpriority, 0, 0);
	say("goes on\n");
	return 82;
}
