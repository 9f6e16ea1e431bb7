/* A handler that is interrupted by another signal, and SA_NODEFER by its own. */
#include "guest.h"
static int depth;
static void inner(int signal)
{
	say("inner %d at depth %d\n", signal == SIGUSR2, depth);
}
static void outer(int signal)
{
	depth++;
	say("outer %d\n", depth);
	if (depth == 1)
		CHECK(raise(SIGUSR2));
	if (depth < 3)
		CHECK(raise(signal));
	say("leaves %d\n", depth--);
}
int main(void)
{
	handle(SIGUSR2, inner, 0);
	handle(SIGUSR1, outer, SA_NODEFER);
	CHECK(raise(SIGUSR1));
	return 47;
}
