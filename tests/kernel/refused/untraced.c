/* A child that asks not to be traced does not get round the filter. */
#include "../guests/guest.h"
static int child(void *unused)
{
	(void)unused;
	long result = syscall(SYS_getpriority, 0, 0);
	say("child %d, getppid %s\n", result < 0 ? errno : 0, getppid() > 0 ? "works" : "fails");
	return 0;
}
int main(void)
{
	static char stack[65536];
	pid_t pid = CHECK(clone(child, stack + sizeof stack, SIGCHLD | CLONE_UNTRACED, NULL));
	say("%d\n", ended(pid));
	return 47;
}
