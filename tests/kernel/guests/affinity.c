/* The processors that a program may run on, and those that a thread chooses. */
#include "guest.h"
int main(void)
{
	cpu_set_t all, one;
	CHECK(sched_getaffinity(0, sizeof all, &all));
	say("all %d\n", CPU_COUNT(&all) == sysconf(_SC_NPROCESSORS_ONLN));
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	CHECK(sched_setaffinity(0, sizeof one, &one));
	CHECK(sched_getaffinity(0, sizeof one, &one));
	say("one %d\n", CPU_COUNT(&one));
	return 109;
}
