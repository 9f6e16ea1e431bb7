/* PTRACE_TRACEME and a tracer of its own: a process has one tracer. */
#include "guest.h"
#include <sys/ptrace.h>
int main(void)
{
	int status;
	pid_t child = CHECK(fork());
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) == -1)
			_exit(errno == EPERM ? 7 : 1);
		raise(SIGSTOP);
		_exit(6);
	}
	CHECK(waitpid(child, &status, 0));
	if (WIFSTOPPED(status)) {
		CHECK(ptrace(PTRACE_CONT, child, 0, 0));
		CHECK(waitpid(child, &status, 0));
	}
	say("%s\n", WEXITSTATUS(status) == 6 ? "traced" : WEXITSTATUS(status) == 7 ? "EPERM" : "?");
	return 95;
}
