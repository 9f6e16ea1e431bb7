/* A stop during poll, futex and read: none of them ends with EINTR. */
#include "guest.h"
#include <linux/futex.h>
#include <poll.h>
int main(void)
{
	int ends[2], status;
	CHECK(pipe(ends));
	pid_t child = CHECK(fork());
	if (child == 0) {
		struct pollfd fd = { .fd = ends[0], .events = POLLIN };
		struct timespec time = { 0, 200000000 };
		int word = 0;
		int polled = poll(&fd, 1, 200);
		long waited = syscall(SYS_futex, &word, FUTEX_WAIT, 0, &time, NULL, 0);
		int error = errno;
		take(ends[0]);
		_exit(polled == 0 && waited == -1 && error == ETIMEDOUT ? 6 : 1);
	}
	for (int i = 0; i < 3; i++) {
		nap(i == 0 ? 80 : 200);
		CHECK(kill(child, SIGSTOP));
		CHECK(waitpid(child, &status, WUNTRACED));
		CHECK(kill(child, SIGCONT));
	}
	nap(20);
	give(ends[1]);
	say("status %d\n", ended(child));
	return 69;
}
