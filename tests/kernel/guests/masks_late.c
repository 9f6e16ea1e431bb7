/* ppoll with a mask, and the signal comes while it already waits. */
#include "guest.h"
#include <poll.h>
static volatile sig_atomic_t count;
static void caught(int signal)
{
	(void)signal;
	count++;
}
int main(void)
{
	sigset_t set, open;
	pid_t parent = getpid();
	handle(SIGUSR1, caught, 0);
	sigemptyset(&open);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL));
	pid_t child = CHECK(fork());
	if (child == 0) {
		nap(50);
		CHECK(kill(parent, SIGUSR1));
		_exit(0);
	}
	int value = ppoll(NULL, 0, NULL, &open);
	say("%d %s, %d\n", value, errno == EINTR ? "EINTR" : "?", count);
	return 57 + ended(child);
}
