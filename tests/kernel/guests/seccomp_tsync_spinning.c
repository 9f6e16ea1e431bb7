/* A filter that another thread gives while this one makes no call; it refuses the next one, the first of its kind. */
#include "filter.h"
#include <pthread.h>
static volatile int before, given;
static void *thread(void *unused)
{
	ASSERT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	/* What libraries ask before they install anything. */
	unsigned action = SECCOMP_RET_KILL_PROCESS;
	ASSERT(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0);
	before = 1;
	while (!given)
		;
	(void)unused;
	long result = syscall(SYS_getpriority, 0, 0);
	return (void *)(long)(result == -1 ? errno : 0);
}
int main(void)
{
	pthread_t other;
	void *result;
	ASSERT(pthread_create(&other, NULL, thread, NULL) == 0);
	while (!before)
		usleep(1000);
	usleep(1000);
	filter(SYS_getpriority, SECCOMP_RET_ERRNO | 99, SECCOMP_FILTER_FLAG_TSYNC);
	given = 1;
	pthread_join(other, &result);
	say("%ld\n", (long)result);
	return 88;
}
