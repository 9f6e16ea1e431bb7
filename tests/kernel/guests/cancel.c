/* pthread_cancel of a thread in a blocking call: a signal of the C library's own, and clean-up. */
#include "guest.h"
#include <pthread.h>
static int ends[2];
static void clean(void *unused)
{
	(void)unused;
	say("cleaned up\n");
}
static void *thread(void *unused)
{
	char byte;
	pthread_cleanup_push(clean, NULL);
	give(ends[1]);
	take(ends[0]);
	/* Blocks for good. */
	(void)!read(ends[0], &byte, 1);
	pthread_cleanup_pop(0);
	return unused;
}
int main(void)
{
	pthread_t other;
	void *result;
	CHECK(pipe(ends));
	ASSERT(pthread_create(&other, NULL, thread, NULL) == 0);
	nap(50);
	ASSERT(pthread_cancel(other) == 0);
	pthread_join(other, &result);
	say("cancelled %d\n", result == PTHREAD_CANCELED);
	return 113;
}
