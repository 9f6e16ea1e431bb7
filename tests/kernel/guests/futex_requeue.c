/* A condition variable with many waiters: futex calls of every kind. */
#include "guest.h"
#include <pthread.h>
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int waiting, go;
static void *waits(void *unused)
{
	pthread_mutex_lock(&mutex);
	waiting++;
	while (!go)
		pthread_cond_wait(&condition, &mutex);
	waiting--;
	pthread_mutex_unlock(&mutex);
	return unused;
}
int main(void)
{
	pthread_t threads[20];
	for (int i = 0; i < 20; i++)
		ASSERT(pthread_create(&threads[i], NULL, waits, NULL) == 0);
	do {
		nap(1);
		pthread_mutex_lock(&mutex);
		go = waiting == 20;
		pthread_mutex_unlock(&mutex);
	} while (!go);
	pthread_cond_broadcast(&condition);
	for (int i = 0; i < 20; i++)
		pthread_join(threads[i], NULL);
	say("waiting %d\n", waiting);
	return 112;
}
