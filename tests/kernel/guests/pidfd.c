/* pidfd_open, pidfd_send_signal, pidfd_getfd and poll on a process. */
#include "guest.h"
#include <poll.h>
int main(void)
{
	int ends[2], ready[2];
	char byte = 0;
	CHECK(pipe(ready));
	pid_t child = CHECK(fork());
	if (child == 0) {
		CHECK(pipe(ends));
		CHECK(dup2(ends[0], 100));
		CHECK(write(ends[1], "y", 1));
		give(ready[1]);
		for (;;)
			pause();
	}
	take(ready[0]);
	int fd = (int)CHECK(syscall(SYS_pidfd_open, child, 0));
	int got = (int)CHECK(syscall(SYS_pidfd_getfd, fd, 100, 0));
	CHECK(read(got, &byte, 1));
	CHECK(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0));
	struct pollfd poll_for = { .fd = fd, .events = POLLIN };
	CHECK(poll(&poll_for, 1, -1));
	say("byte %c, ready %d, status %d\n", byte, poll_for.revents == POLLIN, ended(child));
	return 98;
}
