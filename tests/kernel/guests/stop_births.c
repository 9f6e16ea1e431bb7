/* Stops of a process while its threads and children are being born. */
#include "guest.h"
#include <pthread.h>
static void *nothing(void *unused)
{
	return unused;
}
int main(void)
{
	int status, stops = 0;
	pid_t child = CHECK(fork());
	if (child == 0) {
		for (int i = 0; i < 200; i++) {
			pthread_t thread;
			ASSERT(pthread_create(&thread, NULL, nothing, NULL) == 0);
			if (i % 4 == 0 && CHECK(fork()) == 0)
				_exit(0);
			pthread_join(thread, NULL);
		}
		while (wait(NULL) > 0)
			;
		_exit(14);
	}
	for (;;) {
		if (kill(child, SIGSTOP) == -1)
			break;
		CHECK(waitpid(child, &status, WUNTRACED));
		if (!WIFSTOPPED(status))
			break;
		stops++;
		CHECK(kill(child, SIGCONT));
		nap(2);
	}
	say("stopped %d, status %d\n", stops > 0, WEXITSTATUS(status));
	return 129;
}
