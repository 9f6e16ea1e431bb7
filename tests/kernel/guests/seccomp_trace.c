/* A filter of its own that asks for a tracer: without one the call is ENOSYS. */
#include "filter.h"
int main(void)
{
	filter(SYS_getpriority, SECCOMP_RET_TRACE | 77, 0);
	long result = syscall(SYS_getpriority, 0, 0);
	/* 20 less the niceness, which may be any. */
	say("%s %s\n", result < 0 ? "-1" : "answered", errno == ENOSYS ? "ENOSYS" : "?");
	return 84;
}
