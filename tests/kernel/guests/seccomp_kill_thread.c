/* A filter of its own that kills the one thread which makes a call. */
#include "filter.h"
#include <pthread.h>
static void *thread(void *unused)
{
	syscall(SYS_getpriority, 0, 0);
	say("not killed\n");
	return unused;
}
int main(void)
{
	pthread_t other;
	filter(SYS_getpriority, SECCOMP_RET_KILL_THREAD, 0);
	ASSERT(pthread_create(&other, NULL, thread, NULL) == 0);
	/* The kernel clears the thread's word when it dies, whatever it dies of. */
	pthread_join(other, NULL);
	say("one thread less\n");
	return 83;
}
