/* SIGPIPE: EPIPE where it is ignored, death where it is not. */
#include "guest.h"
int main(void)
{
	int ends[2];
	CHECK(pipe(ends));
	close(ends[0]);
	pid_t child = CHECK(fork());
	if (child == 0) {
		give(ends[1]);
		_exit(1);
	}
	say("child %d\n", ended(child));
	signal(SIGPIPE, SIG_IGN);
	ssize_t result = write(ends[1], "x", 1);
	say("%zd %s\n", result, errno == EPIPE ? "EPIPE" : "?");
	return 62;
}
