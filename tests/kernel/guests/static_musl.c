/* A static program of musl, with threads and a signal. */
#include "guest.h"
#include <pthread.h>
static volatile sig_atomic_t caught;
static void catch(int signal)
{
	caught = signal;
}
static void *thread(void *unused)
{
	(void)unused;
	CHECK(kill(getpid(), SIGUSR1));
	while (!caught)
		nap(1);
	return NULL;
}
int main(void)
{
	pthread_t other;
	signal(SIGUSR1, catch);
	ASSERT(pthread_create(&other, NULL, thread, NULL) == 0);
	pthread_join(other, NULL);
	say("caught %d\n", caught);
	return 38;
}
