/* A background job that reads or writes the terminal stops by SIGTTIN and SIGTTOU. */
#include "tty.h"
static int session(void)
{
	int status;
	struct termios mode;
	CHECK(tcgetattr(0, &mode));
	mode.c_lflag |= TOSTOP;
	CHECK(tcsetattr(0, TCSANOW, &mode));
	for (int i = 0; i < 2; i++) {
		pid_t job = CHECK(fork());
		if (job == 0) {
			char byte;
			CHECK(setpgid(0, 0));
			if (i == 0)
				CHECK(read(0, &byte, 1));
			else
				CHECK(write(0, "x", 1));
			_exit(1);
		}
		CHECK(waitpid(job, &status, WUNTRACED));
		say("stopped by %d\n", WSTOPSIG(status));
		CHECK(kill(-job, SIGKILL));
		say("ended %d\n", ended(job));
	}
	return 6;
}
int main(void)
{
	return 68 + ended(on_terminal(session));
}
