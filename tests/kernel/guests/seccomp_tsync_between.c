/* A filter that another thread gives between two calls with the same number, of i386 and of x86_64; it refuses the second. */
#include "filter.h"
#include <pthread.h>
static volatile int before, given;
static void *thread(void *unused)
{
	long result;
	/* 140 is _llseek on i386 and getpriority on x86_64. */
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(140L), "b"(-1L)
			 : "memory", "r8", "r9", "r10", "r11");
	before = 1;
	while (!given)
		;
	(void)unused;
	result = syscall(SYS_getpriority, 0, 0);
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
