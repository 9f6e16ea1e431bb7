/* process_vm_readv and process_vm_writev between parent and child. */
#include "guest.h"
#include <sys/uio.h>
int main(void)
{
	static volatile int value = 1;
	int ends[2], seen = 0, set = 5;
	CHECK(pipe(ends));
	pid_t child = CHECK(fork());
	if (child == 0) {
		value = 4;
		give(ends[1]);
		while (value != 5)
			nap(1);
		nap(1);
		_exit(value);
	}
	take(ends[0]);
	struct iovec mine = { &seen, sizeof seen }, its = { (void *)&value, sizeof value };
	CHECK(process_vm_readv(child, &mine, 1, &its, 1, 0));
	mine.iov_base = &set;
	CHECK(process_vm_writev(child, &mine, 1, &its, 1, 0));
	say("read %d, mine %d\n", seen, value);
	return 92 + ended(child);
}
