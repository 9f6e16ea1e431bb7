/* clone3 with CLONE_PIDFD and CLONE_CLEAR_SIGHAND: waited for through its descriptor. */
#include "guest.h"
#include <linux/sched.h>
static void caught(int signal)
{
	(void)signal;
}
int main(void)
{
	int fd = -1;
	handle(SIGUSR1, caught, 0);
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uintptr_t)&fd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = (pid_t)CHECK(syscall(SYS_clone3, &args, sizeof args));
	if (pid == 0) {
		struct sigaction action;
		CHECK(sigaction(SIGUSR1, NULL, &action));
		_exit(action.sa_handler == SIG_DFL ? 11 : 1);
	}
	siginfo_t info;
	CHECK(waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
	say("status %d\n", info.si_status);
	return 0;
}
