/* clone3 that fails: a size the kernel does not know and flags that do not go together. */
#include "guest.h"
#include <linux/sched.h>
int main(void)
{
	struct clone_args args = { .flags = CLONE_THREAD };
	long small = syscall(SYS_clone3, &args, 8);
	say("size %ld errno %d\n", small, errno);
	long flags = syscall(SYS_clone3, &args, sizeof args);
	say("flags %ld errno %d\n", flags, errno);
	return 0;
}
