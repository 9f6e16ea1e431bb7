/* clone with CLONE_PTRACE: where the parent is traced, its tracer gets the child too. */
#include "guest.h"
static int child(void *unused)
{
	(void)unused;
	return sched_yield() + 6;
}
int main(void)
{
	static char stack[65536];
	int status = ended(CHECK(clone(child, stack + sizeof stack, CLONE_PTRACE | SIGCHLD, NULL)));
	say("status %d\n", status);
	return 0;
}
