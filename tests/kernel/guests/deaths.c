/* Death by each signal that kills, as the parent sees it. */
#include "guest.h"
#include <sys/resource.h>
int main(void)
{
	struct rlimit none = { 0, 0 };
	int sum = 0;
	CHECK(setrlimit(RLIMIT_CORE, &none));
	for (int signal = 1; signal <= 64; signal++) {
		if (signal == SIGCHLD || signal == SIGCONT || signal == SIGURG || signal == SIGWINCH ||
		    signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU)
			continue;
		int status;
		pid_t child = CHECK(fork());
		if (child == 0) {
			syscall(SYS_kill, getpid(), signal);
			_exit(1);
		}
		CHECK(waitpid(child, &status, 0));
		if (WIFSIGNALED(status) && WTERMSIG(status) == signal)
			sum++;
		else
			say("signal %d: status %x\n", signal, status);
	}
	say("%d deaths\n", sum);
	return 77;
}
