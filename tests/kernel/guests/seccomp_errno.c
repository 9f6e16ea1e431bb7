/* A filter of its own that refuses a call with an error number. */
#include "filter.h"
int main(void)
{
	filter(SYS_getpriority, SECCOMP_RET_ERRNO | 123, 0);
	long result = syscall(SYS_getpriority, 0, 0);
	say("%ld %d\n", result, errno);
	return 81;
}
