/* Threads that come and go while others fork: births and deaths in every order. */
#include "guest.h"
#include <pthread.h>
static void *nothing(void *unused)
{
	return unused;
}
static void *churn(void *unused)
{
	long sum = 0;
	for (int i = 0; i < 100; i++) {
		pthread_t thread;
		ASSERT(pthread_create(&thread, NULL, nothing, (void *)1) == 0);
		void *result;
		ASSERT(pthread_join(thread, &result) == 0);
		sum += (long)result;
	}
	(void)unused;
	return (void *)sum;
}
int main(void)
{
	pthread_t threads[2];
	long sum = 0;
	for (int i = 0; i < 2; i++)
		ASSERT(pthread_create(&threads[i], NULL, churn, NULL) == 0);
	for (int i = 0; i < 50; i++) {
		pid_t child = CHECK(fork());
		if (child == 0)
			_exit(1);
		sum += ended(child);
	}
	for (int i = 0; i < 2; i++) {
		void *result;
		ASSERT(pthread_join(threads[i], &result) == 0);
		sum += (long)result;
	}
	say("%ld\n", sum);
	return 0;
}
