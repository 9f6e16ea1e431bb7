/* The end of a session's leader: SIGHUP to the foreground group of its terminal. */
#include "tty.h"
static int ready[2], report[2];
static int session(void)
{
	pid_t job = CHECK(fork());
	if (job == 0) {
		sigset_t set;
		sigemptyset(&set);
		sigaddset(&set, SIGHUP);
		CHECK(sigprocmask(SIG_BLOCK, &set, NULL));
		give(ready[1]);
		int heard = sigwaitinfo(&set, NULL);
		CHECK(write(report[1], &heard, sizeof heard));
		_exit(0);
	}
	take(ready[0]);
	return 7;
}
int main(void)
{
	int heard;
	CHECK(pipe(ready));
	CHECK(pipe(report));
	int status = ended(on_terminal(session));
	ASSERT(read(report[0], &heard, sizeof heard) == sizeof heard);
	say("leader %d, job heard %d\n", status, heard);
	return 75;
}
