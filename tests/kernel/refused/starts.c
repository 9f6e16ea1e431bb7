/* Refused calls that make processes, and processes and threads that have calls refused. */
#include "../guests/guest.h"
#include <pthread.h>
static void *thread(void *count)
{
	for (int at = 0; at < 100; at++)
		if (syscall(SYS_getpriority, 0, 0) == -1 && errno == EPERM)
			__atomic_add_fetch((int *)count, 1, __ATOMIC_SEQ_CST);
	return NULL;
}
static void *executes(void *unused)
{
	(void)unused;
	char *words[] = { "starts", "again", NULL };
	execv("/proc/self/exe", words);
	say("no execve by a thread %d\n", errno);
	return NULL;
}
int main(int count, char **words)
{
	(void)words;
	if (count > 1) {
		say("again: %ld\n", syscall(SYS_getpriority, 0, 0));
		return 45;
	}
	int refused = 0;
	pthread_t all[8];
	for (int at = 0; at < 8; at++)
		CHECK(pthread_create(&all[at], NULL, thread, &refused));
	for (int at = 0; at < 8; at++)
		pthread_join(all[at], NULL);
	say("refused %d\n", refused);
	pid_t child = CHECK(fork());
	if (child == 0) {
		child = CHECK(vfork());
		if (child == 0)
			_exit(syscall(SYS_getpriority, 0, 0) == -1 ? errno : 0);
		_exit(ended(child) + (syscall(SYS_getpriority, 0, 0) == -1 ? 10 : 0));
	}
	say("child %d\n", ended(child));
	long result = syscall(SYS_vhangup);
	say("vhangup %ld %d\n", result, errno);
	pthread_t other;
	CHECK(pthread_create(&other, NULL, executes, NULL));
	pthread_join(other, NULL);
	return 46;
}
