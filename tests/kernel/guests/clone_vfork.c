/* clone with CLONE_VFORK and no CLONE_VM: the parent waits, the memory is a copy. */
#include "guest.h"
static volatile int value = 1;
static int child(void *unused)
{
	(void)unused;
	value = 2;
	nap(20);
	say("child first\n");
	return 0;
}
int main(void)
{
	static char stack[65536];
	pid_t pid = CHECK(clone(child, stack + sizeof stack, CLONE_VFORK | SIGCHLD, NULL));
	say("then the parent, value %d\n", value);
	return ended(pid);
}
