/* A handler on a stack of its own, for a stack that overflows. */
#include "guest.h"
static char stack[65536];
static void caught(int signal)
{
	char here;
	say("signal %d on the other stack %d\n", signal, &here >= stack && &here < stack + sizeof stack);
	_exit(49);
}
__attribute__((noinline)) static int deeper(int depth)
{
	volatile char room[4096];
	room[0] = (char)depth;
	return depth < 0 ? 0 : deeper(depth + 1) + room[0];
}
int main(void)
{
	stack_t other = { .ss_sp = stack, .ss_size = sizeof stack };
	CHECK(sigaltstack(&other, NULL));
	handle(SIGSEGV, caught, SA_ONSTACK);
	return deeper(0);
}
