/* signalfd: signals are read from a descriptor that poll waits for. */
#include "guest.h"
#include <poll.h>
#include <sys/signalfd.h>
int main(void)
{
	struct signalfd_siginfo info;
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL));
	int fd = CHECK(signalfd(-1, &set, SFD_CLOEXEC));
	if (CHECK(fork()) == 0) {
		CHECK(kill(getppid(), SIGUSR1));
		_exit(7);
	}
	struct pollfd poll_for = { .fd = fd, .events = POLLIN };
	int seen = 0;
	for (int i = 0; i < 2; i++) {
		CHECK(poll(&poll_for, 1, -1));
		CHECK(read(fd, &info, sizeof info));
		seen |= info.ssi_signo == SIGUSR1 ? 1 : info.ssi_signo == SIGCHLD && info.ssi_status == 7 ? 2 : 4;
	}
	say("seen %d\n", seen);
	return 54;
}
