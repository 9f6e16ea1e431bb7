/* fork from a thread that is not the first: the child has that thread alone. */
#include "guest.h"
#include <pthread.h>
static void *thread(void *unused)
{
	(void)unused;
	pid_t child = CHECK(fork());
	if (child == 0)
		_exit(getpid() == (pid_t)syscall(SYS_gettid) ? 17 : 1);
	return (void *)(long)ended(child);
}
int main(void)
{
	pthread_t other;
	void *result;
	ASSERT(pthread_create(&other, NULL, thread, NULL) == 0);
	pthread_join(other, &result);
	say("child %ld\n", (long)result);
	return 0;
}
