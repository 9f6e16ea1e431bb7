/* PTRACE_SEIZE of a child, as a debugger that comes later does. */
#include "guest.h"
#include <sys/ptrace.h>
int main(void)
{
	int status;
	pid_t child = CHECK(fork());
	if (child == 0)
		for (;;)
			pause();
	long result = ptrace(PTRACE_SEIZE, child, 0, 0);
	if (result == -1) {
		say("%s\n", errno == EPERM ? "EPERM" : "?");
	} else {
		CHECK(ptrace(PTRACE_INTERRUPT, child, 0, 0));
		CHECK(waitpid(child, &status, __WALL));
		say("stopped by %d\n", WSTOPSIG(status));
	}
	CHECK(kill(child, SIGKILL));
	return ended(child) == 137 ? 96 : 1;
}
