/* clone with CLONE_SIGHAND: a handler that one process installs is the other's too. */
#include "guest.h"
static void caught(int signal)
{
	say("handler of %d\n", signal);
}
static int child(void *unused)
{
	(void)unused;
	handle(SIGUSR1, caught, 0);
	return 0;
}
int main(void)
{
	char *stack = malloc(65536);
	int flags = CLONE_VM | CLONE_SIGHAND | SIGCHLD;
	ASSERT(ended(CHECK(clone(child, stack + 65536, flags, NULL))) == 0);
	CHECK(kill(getpid(), SIGUSR1));
	say("alive\n");
	return 0;
}
