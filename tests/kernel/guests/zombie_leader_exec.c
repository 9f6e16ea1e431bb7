/* execve by the last thread of a process whose first thread is gone: it gets the first's number. */
#include "guest.h"
#include <pthread.h>
static char *name;
static void *thread(void *unused)
{
	(void)unused;
	nap(50);
	/* Not /proc/self/exe, which is the first thread's. */
	execl(name, name, "again", NULL);
	_exit(99);
}
int main(int argc, char **argv)
{
	if (argc > 1) {
		say("first again %d\n", getpid() == (pid_t)syscall(SYS_gettid));
		return 123;
	}
	pthread_t other;
	name = argv[0];
	ASSERT(pthread_create(&other, NULL, thread, NULL) == 0);
	syscall(SYS_exit, 0);
}
