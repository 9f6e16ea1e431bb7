/* What a program inherits: no descriptor but three, default signals, an empty mask, one group. */
#include "guest.h"
int main(void)
{
	int open_count = 0, changed = 0;
	sigset_t mask;
	for (int fd = 0; fd < 256; fd++)
		open_count += fcntl(fd, F_GETFD) != -1;
	for (int signal = 1; signal <= 64; signal++) {
		struct sigaction action;
		if (sigaction(signal, NULL, &action) == 0)
			changed += action.sa_handler != SIG_DFL;
	}
	CHECK(sigprocmask(SIG_BLOCK, NULL, &mask));
	int blocked = 0;
	for (int signal = 1; signal <= 64; signal++)
		blocked += sigismember(&mask, signal) == 1;
	int on = 0, signal = 0;
	CHECK(prctl(PR_GET_CHILD_SUBREAPER, &on));
	CHECK(prctl(PR_GET_PDEATHSIG, &signal));
	say("%d descriptors, %d signals set, %d blocked\n", open_count, changed, blocked);
	say("own session %d, own group %d, dumpable %d, subreaper %d, pdeathsig %d\n", getsid(0) == getpid(),
	    getpgrp() == getpid(), prctl(PR_GET_DUMPABLE), on, signal);
	return 108;
}
