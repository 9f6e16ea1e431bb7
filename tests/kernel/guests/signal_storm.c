/* A timer's signals during many kinds of calls: none of those may fail that natively can't. */
#include "guest.h"
#include <sys/time.h>
static volatile sig_atomic_t count;
static void caught(int signal)
{
	(void)signal;
	count++;
}
int main(void)
{
	struct itimerval often = { { 0, 500 }, { 0, 500 } };
	struct stat file;
	int failures = 0;
	handle(SIGALRM, caught, 0);
	CHECK(setitimer(ITIMER_REAL, &often, NULL));
	while (count < 300) {
		failures += stat("/", &file) == -1;
		int fd = dup(1);
		failures += fd == -1;
		failures += close(fd) == -1;
		failures += getppid() < 0;
	}
	struct itimerval never = { 0 };
	CHECK(setitimer(ITIMER_REAL, &never, NULL));
	say("%s\n", failures == 0 ? "no failure" : "failures");
	return 48;
}
