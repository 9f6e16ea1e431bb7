/* clone with CLONE_VM but without CLONE_THREAD: another process in the same memory. */
#include "guest.h"
static volatile int value;
static int child(void *unused)
{
	(void)unused;
	value = getppid() == getpid() ? -1 : 6;
	return 7;
}
int main(void)
{
	char *stack = malloc(65536);
	pid_t pid = CHECK(clone(child, stack + 65536, CLONE_VM | SIGCHLD, NULL));
	int status = ended(pid);
	say("value %d, status %d\n", value, status);
	return 0;
}
