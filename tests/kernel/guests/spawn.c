/* posix_spawn, which is clone with CLONE_VM and CLONE_VFORK: one that works, one that fails. */
#include "guest.h"
#include <spawn.h>
extern char **environ;
int main(int argc, char **argv)
{
	if (argc > 1)
		return 30;
	char *arguments[] = { argv[0], "again", NULL };
	pid_t child;
	ASSERT(posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environ) == 0);
	say("child %d\n", ended(child));
	say("no such %d\n", posix_spawn(&child, "nothing", NULL, NULL, arguments, environ));
	return 0;
}
