/* The first thread exits before the others; the process goes on and its status is the last's. */
#include "guest.h"
#include <pthread.h>
static pthread_t leader;
static void *thread(void *unused)
{
	(void)unused;
	pthread_join(leader, NULL);
	nap(20);
	say("still here\n");
	exit(15);
}
int main(void)
{
	pthread_t other;
	leader = pthread_self();
	ASSERT(pthread_create(&other, NULL, thread, NULL) == 0);
	pthread_exit(NULL);
}
