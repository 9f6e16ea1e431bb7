/* The first process itself ends: by the signal, or with the status, that its argument tells. */
#include "guest.h"
#include <sys/resource.h>
int main(int argc, char **argv)
{
	struct rlimit none = { 0, 0 };
	ASSERT(argc == 3);
	CHECK(setrlimit(RLIMIT_CORE, &none));
	say("before\n");
	if (strcmp(argv[1], "signal") == 0)
		syscall(SYS_kill, getpid(), atoi(argv[2]));
	if (strcmp(argv[1], "abort") == 0)
		abort();
	if (strcmp(argv[1], "fault") == 0)
		*(volatile int *)8 = 1;
	return atoi(argv[2]);
}
