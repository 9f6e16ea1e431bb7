/* Calls by the numbers of x32, bit 30 set, whether or not the kernel has them. */
#include "guest.h"
int main(void)
{
	enum { X32 = 0x40000000 };
	long result = syscall(X32 | 39);
	say("%s\n", result == getpid() || errno == ENOSYS ? "getpid" : "?");
	/* writev has a number of its own there. */
	result = syscall(X32 | 516, -1, NULL, 0);
	say("%ld %s\n", result, errno == EBADF || errno == ENOSYS ? "writev" : "?");
	return 32;
}
