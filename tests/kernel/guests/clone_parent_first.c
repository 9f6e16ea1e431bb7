/* clone with CLONE_PARENT by the first process: whoever started the program gets a second child. */
#include "guest.h"
static int ends[2];
static int sibling(void *unused)
{
	(void)unused;
	say("sibling\n");
	give(ends[1]);
	return 9;
}
int main(void)
{
	static char stack[65536];
	CHECK(pipe(ends));
	CHECK(clone(sibling, stack + sizeof stack, CLONE_PARENT | SIGCHLD, NULL));
	take(ends[0]);
	say("first\n");
	return 8;
}
