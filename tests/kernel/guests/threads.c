/* A thousand threads at once, each of which makes a call of its own. */
#include "guest.h"
#include <pthread.h>
enum { THREADS = 1000 };
static pthread_barrier_t barrier;
static void *thread(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&barrier);
	return (void *)(long)(syscall(SYS_gettid) > 0);
}
int main(void)
{
	static pthread_t threads[THREADS];
	pthread_attr_t attributes;
	long sum = 0;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		ASSERT(pthread_create(&threads[i], &attributes, thread, NULL) == 0);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < THREADS; i++) {
		void *result;
		ASSERT(pthread_join(threads[i], &result) == 0);
		sum += (long)result;
	}
	say("%ld threads\n", sum);
	return 0;
}
