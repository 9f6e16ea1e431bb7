/* Clocks through the vDSO: no call at all where the clock source allows it. */
#include "guest.h"
#include <sys/time.h>
#include <time.h>
int main(void)
{
	struct timespec one, other;
	struct timeval now;
	CHECK(clock_gettime(CLOCK_MONOTONIC, &one));
	for (int i = 0; i < 1000; i++)
		CHECK(clock_gettime(CLOCK_MONOTONIC, &other));
	CHECK(gettimeofday(&now, NULL));
	say("%d %d %d\n", other.tv_sec >= one.tv_sec, now.tv_sec <= time(NULL) + 1, sched_getcpu() >= 0);
	return 0;
}
