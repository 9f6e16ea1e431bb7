/* sigtimedwait: a blocked signal is fetched, and its time limit passes. */
#include "guest.h"
int main(void)
{
	sigset_t set;
	siginfo_t info;
	struct timespec time = { 0, 20000000 };
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL));
	pid_t child = CHECK(fork());
	if (child == 0) {
		nap(30);
		CHECK(kill(getppid(), SIGUSR1));
		_exit(0);
	}
	ended(child);
	int signal = sigwaitinfo(&set, &info);
	say("%d from the child %d\n", signal, info.si_pid == child);
	int late = sigtimedwait(&set, &info, &time);
	say("%d %s\n", late, errno == EAGAIN ? "EAGAIN" : "?");
	return 53;
}
