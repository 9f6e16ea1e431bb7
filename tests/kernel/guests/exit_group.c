/* exit_group by one thread while others are blocked in calls or spin. */
#include "guest.h"
#include <pthread.h>
static pthread_barrier_t barrier;
static void *blocks(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&barrier);
	pause();
	return NULL;
}
_Noreturn static void *spins(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&barrier);
	for (;;)
		__asm__ volatile("pause");
}
int main(void)
{
	pthread_t thread;
	pthread_barrier_init(&barrier, NULL, 5);
	for (int i = 0; i < 4; i++)
		ASSERT(pthread_create(&thread, NULL, i % 2 ? blocks : spins, NULL) == 0);
	pthread_barrier_wait(&barrier);
	/* The two that block get there while this one sleeps. */
	nap(50);
	say("out\n");
	exit(16);
}
