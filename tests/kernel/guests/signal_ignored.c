/* Ignored signals: SIG_IGN survives execve, a blocked call does not end. */
#include "guest.h"
int main(int argc, char **argv)
{
	if (argc == 1) {
		signal(SIGUSR1, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		execl("/proc/self/exe", argv[0], "again", NULL);
	}
	int ends[2];
	pid_t parent = getpid();
	CHECK(pipe(ends));
	if (CHECK(fork()) == 0) {
		for (int i = 0; i < 20; i++) {
			CHECK(kill(parent, i % 2 ? SIGUSR1 : SIGTERM));
			nap(2);
		}
		give(ends[1]);
		_exit(0);
	}
	take(ends[0]);
	say("read went through\n");
	return 42;
}
