/* clone with CLONE_FS and CLONE_FILES: directory, umask and descriptors are shared. */
#include "guest.h"
static int child(void *unused)
{
	(void)unused;
	CHECK(chdir("/usr"));
	umask(027);
	CHECK(dup2(1, 100));
	return 0;
}
int main(void)
{
	char *stack = malloc(65536), path[64];
	umask(022);
	int flags = CLONE_FS | CLONE_FILES | SIGCHLD;
	ASSERT(ended(CHECK(clone(child, stack + 65536, flags, NULL))) == 0);
	CHECK(getcwd(path, sizeof path));
	say("directory %s, umask %03o, descriptor %s\n", path, umask(0),
	    fcntl(100, F_GETFD) == -1 ? "gone" : "there");
	return 0;
}
