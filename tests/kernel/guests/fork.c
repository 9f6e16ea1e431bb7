/* fork: the child has its own copy of the memory, the parent gets its status. */
#include "guest.h"
int main(void)
{
	int value = 1;
	pid_t child = CHECK(fork());
	if (child == 0) {
		value = 2;
		_exit(40 + value);
	}
	int status = ended(child);
	say("child %d, mine %d\n", status, value);
	return 3;
}
