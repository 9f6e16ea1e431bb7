/* __WNOTHREAD: a thread waits for its own children and not for those of another. */
#include "guest.h"
#include <pthread.h>
static void *thread(void *unused)
{
	(void)unused;
	int status;
	pid_t none = waitpid(-1, &status, __WNOTHREAD);
	int error = errno;
	pid_t child = CHECK(fork());
	if (child == 0)
		_exit(12);
	CHECK(waitpid(-1, &status, __WNOTHREAD));
	say("%d %s, own %d\n", none, error == ECHILD ? "ECHILD" : "?", WEXITSTATUS(status));
	return NULL;
}
int main(void)
{
	pthread_t other;
	pid_t child = CHECK(fork());
	if (child == 0)
		_exit(13);
	ASSERT(pthread_create(&other, NULL, thread, NULL) == 0);
	pthread_join(other, NULL);
	say("mine %d\n", ended(child));
	return 125;
}
