/* tgkill: a signal for one thread of four, and one that kills all of them. */
#include "guest.h"
#include <pthread.h>
static __thread int mine;
static volatile int heard;
static pid_t ids[4];
static pthread_barrier_t barrier;
static void caught(int signal)
{
	(void)signal;
	heard = mine;
}
static void *thread(void *number)
{
	mine = (int)(long)number;
	ids[mine] = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
	return NULL;
}
int main(void)
{
	pthread_t other;
	if (CHECK(fork()) == 0) {
		handle(SIGUSR1, caught, 0);
		pthread_barrier_init(&barrier, NULL, 4);
		for (long i = 1; i < 4; i++)
			ASSERT(pthread_create(&other, NULL, thread, (void *)i) == 0);
		pthread_barrier_wait(&barrier);
		CHECK(syscall(SYS_tgkill, getpid(), ids[2], SIGUSR1));
		while (heard == 0)
			nap(1);
		nap(1);
		say("heard by %d\n", heard);
		/* Not handled: the whole process ends. */
		CHECK(syscall(SYS_tgkill, getpid(), ids[3], SIGUSR2));
		for (;;)
			pause();
	}
	int status;
	CHECK(wait(&status));
	say("killed by %d\n", WTERMSIG(status));
	return 52;
}
