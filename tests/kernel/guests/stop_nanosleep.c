/* A stop during nanosleep: the call goes on as restart_syscall and sleeps its full time. */
#include "guest.h"
int main(void)
{
	struct timespec before, after;
	int status;
	pid_t child = CHECK(fork());
	if (child == 0) {
		struct timespec time = { 0, 300000000 };
		CHECK(clock_gettime(CLOCK_MONOTONIC, &before));
		int result = clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
		CHECK(clock_gettime(CLOCK_MONOTONIC, &after));
		long passed = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
		_exit(result == 0 && passed >= 299 ? 5 : 1);
	}
	nap(80);
	CHECK(kill(child, SIGSTOP));
	CHECK(waitpid(child, &status, WUNTRACED));
	nap(20);
	CHECK(kill(child, SIGCONT));
	say("status %d\n", ended(child));
	return 68;
}
