/* execve by a thread that is not the first, while others run: it takes over the process number. */
#include "guest.h"
#include <pthread.h>
static char *name;
static pid_t first;
static void *execs(void *unused)
{
	char number[16];
	(void)unused;
	snprintf(number, sizeof number, "%d", first);
	execl("/proc/self/exe", name, number, NULL);
	_exit(99);
}
_Noreturn static void *waits(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}
int main(int argc, char **argv)
{
	if (argc > 1) {
		say("same number %d\n", atoi(argv[1]) == getpid() && getpid() == (pid_t)syscall(SYS_gettid));
		return 13;
	}
	pthread_t thread;
	name = argv[0];
	first = getpid();
	for (int i = 0; i < 4; i++)
		ASSERT(pthread_create(&thread, NULL, waits, NULL) == 0);
	ASSERT(pthread_create(&thread, NULL, execs, NULL) == 0);
	pthread_join(thread, NULL);
	return 98;
}
