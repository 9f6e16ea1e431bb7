/* A fork bomb that the user's own RLIMIT_NPROC bounds. */
#include "guest.h"
#include <sys/resource.h>
int main(void)
{
	struct rlimit limit = { 40, 40 };
	int ends[2], sum = 0;
	ASSERT(getuid() != 0);
	CHECK(setrlimit(RLIMIT_NPROC, &limit));
	CHECK(pipe(ends));
	pid_t bomb = CHECK(fork());
	if (bomb == 0) {
		CHECK(setpgid(0, 0));
		close(ends[0]);
		for (int i = 0; i < 200; i++) {
			if (fork() == -1) {
				/* Said once by each that met the limit. */
				give(ends[1]);
				break;
			}
		}
		/* All live until the parent has heard of the limit and kills the group. */
		for (;;)
			pause();
	}
	close(ends[1]);
	take(ends[0]);
	/* Until all of them have met it. */
	nap(200);
	CHECK(kill(-bomb, SIGKILL));
	while (waitpid(-1, NULL, 0) > 0)
		sum++;
	say("bounded, %d child\n", sum);
	return 0;
}
