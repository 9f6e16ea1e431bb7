/* clone3 with set_tid: the child chooses its number in the process namespace. */
#include "guest.h"
#include <linux/sched.h>
int main(void)
{
	pid_t wanted = 4321;
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&wanted,
		.set_tid_size = 1,
	};
	pid_t pid = (pid_t)CHECK(syscall(SYS_clone3, &args, sizeof args));
	if (pid == 0)
		_exit((int)syscall(SYS_getpid) == 4321 ? 12 : 1);
	int status = ended(pid);
	say("number %d, status %d\n", pid, status);
	return 0;
}
