/* A filter that another thread gives by SECCOMP_FILTER_FLAG_TSYNC while this one waits without a call; it refuses the next one. */
#ifndef GIVEN_H
#define GIVEN_H
#include "filter.h"
#include <pthread.h>

static volatile int before, given;

/* How the first call under that filter ends. */
static void *refused_once_given(void)
{
	before = 1;
	while (!given)
		;
	long result = syscall(SYS_getpriority, 0, 0);
	return (void *)(long)(result == -1 ? errno : 0);
}

static int give_to(void *(*thread)(void *))
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
#endif
