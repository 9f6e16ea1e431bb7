/* clone with CLONE_UNTRACED: the child asks not to be traced, and makes a call of its own. */
#include "guest.h"
static int child(void *unused)
{
	(void)unused;
	int result = sched_yield();
	say("child %d\n", result);
	return 6;
}
int main(void)
{
	static char stack[65536];
	int status = ended(CHECK(clone(child, stack + sizeof stack, CLONE_UNTRACED | SIGCHLD, NULL)));
	say("status %d\n", status);
	return 0;
}
