/* Calls that kill the thread or the process. */
#include "../guests/guest.h"
#include <pthread.h>
static void *thread(void *number)
{
	syscall((long)number, 0, 0);
	say("survived %ld\n", (long)number);
	return NULL;
}
static void lives(void)
{
	pthread_t other;
	CHECK(pthread_create(&other, NULL, thread, (void *)SYS_getpriority));
	/* A killed thread wakes nobody who joins it by its futex, and so is not joined. */
	nap(200);
	say("the process lives\n");
}
static int as_child(long number)
{
	pid_t child = CHECK(fork());
	if (child == 0) {
		syscall(number, 0, 0);
		say("survived\n");
		_exit(1);
	}
	return ended(child);
}
static int in_a_thread(long number)
{
	pid_t child = CHECK(fork());
	if (child == 0) {
		pthread_t other;
		pthread_create(&other, NULL, thread, (void *)number);
		nap(10000);
		_exit(1);
	}
	return ended(child);
}
int main(void)
{
	say("thread alone %d\n", as_child(SYS_getpriority));
	say("process %d\n", as_child(SYS_getsid));
	say("process, by a thread %d\n", in_a_thread(SYS_getsid));
	lives();
	fflush(stdout);
	syscall(SYS_getsid, 0);
	return 42;
}
