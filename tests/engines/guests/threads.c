/*
 * Starts eight threads which add up numbers under one lock. glibc starts a thread with clone3 and
 * falls back to clone only when clone3 answers ENOSYS.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 1000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long sum;

static void *add(void *number)
{
	for (int round = 0; round < ROUNDS; round++) {
		pthread_mutex_lock(&lock);
		sum += (long)number;
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	for (long i = 0; i < THREADS; i++) {
		int error = pthread_create(&threads[i], NULL, add, (void *)i);
		if (error != 0) {
			printf("pthread_create: %s\n", strerror(error));
			return 1;
		}
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%d threads of %d bits: %ld\n", THREADS, (int)(8 * sizeof(void *)), sum);
	return 0;
}
