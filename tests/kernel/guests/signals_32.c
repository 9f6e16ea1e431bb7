/* A 32-bit program: signals with both kinds of return, nanosleep that is stopped, threads. */
#include "guest.h"
#include <pthread.h>
static volatile sig_atomic_t count;
static void plain(int signal)
{
	(void)signal;
	count++;
}
static void informed(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	count += info->si_value.sival_int;
}
static void *thread(void *unused)
{
	struct timespec time = { 0, 200000000 };
	(void)unused;
	return (void *)(long)syscall(SYS_nanosleep, &time, NULL);
}
int main(void)
{
	struct sigaction action = { .sa_sigaction = informed, .sa_flags = SA_SIGINFO };
	handle(SIGUSR1, plain, 0);
	CHECK(sigaction(SIGRTMAX, &action, NULL));
	CHECK(raise(SIGUSR1));
	CHECK(sigqueue(getpid(), SIGRTMAX, (union sigval){ .sival_int = 10 }));
	pid_t child = CHECK(fork());
	if (child == 0) {
		pthread_t other;
		void *result;
		ASSERT(pthread_create(&other, NULL, thread, NULL) == 0);
		pthread_join(other, &result);
		_exit(result == NULL ? 6 : 1);
	}
	int status;
	nap(50);
	CHECK(kill(child, SIGSTOP));
	CHECK(waitpid(child, &status, WUNTRACED));
	CHECK(kill(child, SIGCONT));
	say("count %d, child %d\n", count, ended(child));
	return 116;
}
