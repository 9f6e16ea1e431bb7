/* PR_SET_DUMPABLE off: /proc tells other users nothing, calls go on. */
#include "guest.h"
int main(void)
{
	CHECK(prctl(PR_SET_DUMPABLE, 0));
	say("dumpable %d\n", prctl(PR_GET_DUMPABLE));
	pid_t child = CHECK(fork());
	if (child == 0)
		_exit(syscall(SYS_getpriority, 0, 0) > 0 ? 9 : 1);
	return 101 + ended(child);
}
