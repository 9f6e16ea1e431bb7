/* clone with CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC and CLONE_NEWNET: none is seen outside. */
#include "guest.h"
#include <sys/mount.h>
static int child(void *unused)
{
	(void)unused;
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHECK(mount("none", "/mnt", "tmpfs", 0, NULL));
	CHECK(mkdir("/mnt/only-here", 0755));
	CHECK(sethostname("inside", 6));
	char name[64];
	CHECK(gethostname(name, sizeof name));
	say("%s\n", name);
	return 5;
}
int main(void)
{
	static char stack[65536];
	int flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | SIGCHLD;
	int status = ended(CHECK(clone(child, stack + sizeof stack, flags, NULL)));
	say("status %d, outside %d\n", status, access("/mnt/only-here", F_OK));
	return 104;
}
