/* clone with CLONE_PARENT_SETTID, CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID. */
#include "guest.h"
struct ids {
	pid_t parent, child, seen;
};
static struct ids *ids;
static int child(void *unused)
{
	(void)unused;
	ids->seen = ids->child;
	return ids->child == getpid() ? 1 : 2;
}
int main(void)
{
	static char stack[65536];
	ids = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;
	pid_t pid = CHECK(clone(child, stack + sizeof stack, flags, NULL, &ids->parent, NULL, &ids->child));
	int status = ended(pid);
	say("status %d, parent %d, child %d\n", status, ids->parent == pid, ids->seen == pid);
	return 0;
}
