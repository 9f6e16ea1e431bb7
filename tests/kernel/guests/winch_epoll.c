/* A signal that is ignored by default, SIGWINCH, while epoll_wait blocks: natively nothing ends. */
#include "guest.h"
#include <sys/epoll.h>
int main(void)
{
	int ends[2], interrupted = 0, result;
	pid_t parent = getpid();
	CHECK(pipe(ends));
	int epoll = CHECK(epoll_create1(0));
	struct epoll_event event = { .events = EPOLLIN };
	CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
	pid_t child = CHECK(fork());
	if (child == 0) {
		nap(50);
		CHECK(kill(parent, SIGWINCH));
		nap(50);
		give(ends[1]);
		_exit(0);
	}
	while ((result = epoll_wait(epoll, &event, 1, -1)) == -1) {
		ASSERT(errno == EINTR);
		interrupted++;
	}
	ended(child);
	say("ready %d, interrupted %d\n", result, interrupted);
	return 0;
}
