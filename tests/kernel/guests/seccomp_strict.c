/* Strict mode: read, write and exit, and SIGKILL for anything else. */
#include "guest.h"
#include <linux/seccomp.h>
static void enter(void)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == -1) {
		say("refused %d\n", errno);
		_exit(99);
	}
}
int main(void)
{
	pid_t child = CHECK(fork());
	if (child == 0) {
		enter();
		say("strict\n");
		syscall(SYS_exit, 7);
	}
	say("%d\n", ended(child));
	child = CHECK(fork());
	if (child == 0) {
		enter();
		syscall(SYS_getppid);
		syscall(SYS_exit, 8);
	}
	say("%d\n", ended(child));
	return 86;
}
