/* execve by many threads at the same time: one wins, the others end in their call. */
#include "guest.h"
#include <pthread.h>
static char *name;
static pthread_barrier_t barrier;
static void *execs(void *round)
{
	pthread_barrier_wait(&barrier);
	execl("/proc/self/exe", name, round, NULL);
	_exit(99);
}
int main(int argc, char **argv)
{
	char round[16];
	int number = argc > 1 ? atoi(argv[1]) : 0;
	if (number == 10) {
		say("ten rounds\n");
		return 14;
	}
	pthread_t thread;
	name = argv[0];
	snprintf(round, sizeof round, "%d", number + 1);
	pthread_barrier_init(&barrier, NULL, 8);
	for (int i = 0; i < 8; i++)
		ASSERT(pthread_create(&thread, NULL, execs, round) == 0);
	for (;;)
		pause();
}
