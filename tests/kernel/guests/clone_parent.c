/* clone with CLONE_PARENT: the new process is a sibling, and the grandparent waits for it. */
#include "guest.h"
static int sibling(void *unused)
{
	(void)unused;
	return 9;
}
int main(void)
{
	static char stack[65536];
	int ends[2];
	CHECK(pipe(ends));
	pid_t child = CHECK(fork()), other;
	if (child == 0) {
		other = CHECK(clone(sibling, stack + sizeof stack, CLONE_PARENT | SIGCHLD, NULL));
		CHECK(write(ends[1], &other, sizeof other));
		/* Not ours to wait for. */
		_exit(waitpid(other, NULL, 0) == -1 && errno == ECHILD ? 8 : 1);
	}
	ASSERT(read(ends[0], &other, sizeof other) == sizeof other);
	int first = ended(child), second = ended(other);
	say("child %d, sibling %d\n", first, second);
	return 0;
}
