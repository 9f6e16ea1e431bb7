/* A filter of its own that logs a call and lets it through. */
#include "filter.h"
int main(void)
{
	filter(SYS_getpriority, SECCOMP_RET_LOG, 0);
	say("%s\n", syscall(SYS_getpriority, 0, 0) > 0 ? "let through" : "refused");
	return 85;
}
