/* Calls through the vsyscall page: the kernel emulates them. */
#include "guest.h"
#include <sys/time.h>
#include <time.h>
int main(void)
{
	int (*gettimeofday_at)(struct timeval *, void *) = (void *)0xffffffffff600000;
	time_t (*time_at)(time_t *) = (void *)0xffffffffff600400;
	long (*getcpu_at)(unsigned *, unsigned *, void *) = (void *)0xffffffffff600800;
	struct timeval now;
	unsigned cpu = 9999;
	say("%d\n", gettimeofday_at(&now, NULL));
	/* It ticks a few milliseconds behind the other. */
	say("%d\n", time_at(NULL) >= now.tv_sec - 1);
	long result = getcpu_at(&cpu, NULL, NULL);
	say("%ld %d\n", result, cpu < 4096);
	return 34;
}
