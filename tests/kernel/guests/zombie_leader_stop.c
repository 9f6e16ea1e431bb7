/* A stop and a continuation of a process whose first thread is gone. */
#include "guest.h"
#include <pthread.h>
static void *thread(void *ends)
{
	take(((int *)ends)[0]);
	exit(10);
}
int main(void)
{
	int ends[2], status;
	CHECK(pipe(ends));
	pid_t child = CHECK(fork());
	if (child == 0) {
		pthread_t other;
		static int mine[2];
		memcpy(mine, ends, sizeof mine);
		ASSERT(pthread_create(&other, NULL, thread, mine) == 0);
		syscall(SYS_exit, 0);
	}
	nap(50);
	CHECK(kill(child, SIGSTOP));
	CHECK(waitpid(child, &status, WUNTRACED));
	say("stopped %d\n", WIFSTOPPED(status) != 0);
	CHECK(kill(child, SIGCONT));
	CHECK(waitpid(child, &status, WCONTINUED));
	say("continued %d\n", WIFCONTINUED(status) != 0);
	give(ends[1]);
	say("status %d\n", ended(child));
	return 122;
}
