/* Ctrl-Z on a terminal: the foreground job stops, the leader continues it in the foreground. */
#include "tty.h"
static int ready[2];
static int session(void)
{
	int status;
	signal(SIGTTOU, SIG_IGN);
	pid_t job = CHECK(fork());
	if (job == 0) {
		CHECK(setpgid(0, 0));
		CHECK(tcsetpgrp(0, getpid()));
		give(ready[1]);
		for (;;) {
			char byte;
			if (read(0, &byte, 1) == 1 && byte == 'q')
				_exit(5);
		}
	}
	CHECK(waitpid(job, &status, WUNTRACED));
	say("stopped by %d\n", WSTOPSIG(status));
	CHECK(tcsetpgrp(0, getpgrp()));
	say("foreground %d\n", tcgetpgrp(0) == getpgrp());
	CHECK(tcsetpgrp(0, job));
	CHECK(kill(-job, SIGCONT));
	give(ready[1]);
	return ended(job);
}
int main(void)
{
	CHECK(pipe(ready));
	pid_t leader = on_terminal(session);
	take(ready[0]);
	CHECK(write(master, "\032", 1));
	take(ready[0]);
	CHECK(write(master, "q\n", 2));
	return 68 + ended(leader);
}
