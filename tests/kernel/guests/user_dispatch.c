/* Syscall user dispatch: calls from outside a range become SIGSYS. */
#include "guest.h"
#include <linux/prctl.h>
#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#endif
static volatile char selector;
static volatile int call;
static void caught(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	selector = 0;
	call = info->si_syscall;
}
int main(void)
{
	struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO };
	CHECK(sigaction(SIGSYS, &action, NULL));
	CHECK(prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector));
	selector = 1;
	syscall(SYS_getpriority, 0, 0);
	say("dispatched %d\n", call == SYS_getpriority);
	return 91;
}
