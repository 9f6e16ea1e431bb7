/* A filter of its own that kills the process for a call. */
#include "filter.h"
int main(void)
{
	filter(SYS_getpriority, SECCOMP_RET_KILL_PROCESS, 0);
	say("before\n");
	syscall(SYS_getpriority, 0, 0);
	return 1;
}
