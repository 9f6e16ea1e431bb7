/* Without SA_RESTART: a read, a wait and a sleep end with EINTR. */
#include "guest.h"
static volatile sig_atomic_t count;
static void caught(int signal)
{
	(void)signal;
	count++;
}
int main(void)
{
	int ends[2];
	char byte;
	struct timespec time = { 100, 0 }, left = { 0, 0 };
	pid_t parent = getpid();
	CHECK(pipe(ends));
	handle(SIGUSR1, caught, 0);
	pid_t child = CHECK(fork());
	if (child == 0) {
		for (int i = 0; i < 3; i++) {
			nap(100);
			CHECK(kill(parent, SIGUSR1));
		}
		pause();
	}
	ssize_t got = read(ends[0], &byte, 1);
	say("read %zd %d\n", got, errno);
	pid_t waited = waitpid(child, NULL, 0);
	say("wait %d %d\n", waited, errno);
	int slept = nanosleep(&time, &left);
	say("sleep %d %d left %d\n", slept, errno, left.tv_sec == 99);
	/* It is in its pause by then. */
	nap(100);
	CHECK(kill(child, SIGKILL));
	say("child %d, signals %d\n", ended(child), count);
	return 46;
}
