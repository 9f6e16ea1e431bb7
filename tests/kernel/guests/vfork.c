/* vfork: the child borrows the memory and the parent waits until it execs or exits. */
#include "guest.h"
int main(int argc, char **argv)
{
	if (argc > 1) {
		say("after exec\n");
		return 5;
	}
	static volatile int value = 1;
	pid_t child = vfork();
	if (child == 0) {
		value = 2;
		_exit(4);
	}
	CHECK(child);
	int first = ended(child);
	child = vfork();
	if (child == 0) {
		execl("/proc/self/exe", argv[0], "again", NULL);
		_exit(99);
	}
	CHECK(child);
	int second = ended(child);
	say("value %d, exit %d, exec %d\n", value, first, second);
	return 0;
}
