/* A filter of its own for all threads at once: SECCOMP_FILTER_FLAG_TSYNC. */
#include "filter.h"
#include <pthread.h>
static pthread_barrier_t barrier;
static void *thread(void *unused)
{
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	(void)unused;
	long result = syscall(SYS_getpriority, 0, 0);
	return (void *)(long)(result == -1 ? errno : 0);
}
int main(void)
{
	pthread_t other;
	void *result;
	pthread_barrier_init(&barrier, NULL, 2);
	ASSERT(pthread_create(&other, NULL, thread, NULL) == 0);
	pthread_barrier_wait(&barrier);
	filter(SYS_getpriority, SECCOMP_RET_ERRNO | 99, SECCOMP_FILTER_FLAG_TSYNC);
	pthread_barrier_wait(&barrier);
	pthread_join(other, &result);
	say("%ld\n", (long)result);
	return 88;
}
