/* A robust mutex in shared memory whose owner dies: the kernel walks the list at exit. */
#include "guest.h"
#include <pthread.h>
int main(void)
{
	pthread_mutexattr_t attributes;
	pthread_mutex_t *mutex =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(mutex, &attributes);
	pid_t child = CHECK(fork());
	if (child == 0) {
		pthread_mutex_lock(mutex);
		kill(getpid(), SIGKILL);
	}
	ended(child);
	say("owner died %d\n", pthread_mutex_lock(mutex) == EOWNERDEAD);
	return 114;
}
