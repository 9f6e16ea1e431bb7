/* Timers: alarm ends pause, timer_create queues a signal with a value, timerfd counts. */
#include "guest.h"
#include <sys/time.h>
#include <sys/timerfd.h>
static volatile sig_atomic_t value;
static void caught(int signal, siginfo_t *info, void *context)
{
	(void)context;
	value = signal == SIGALRM ? 1 : info->si_value.sival_int;
}
int main(void)
{
	struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO };
	struct itimerval soon = { .it_value = { 0, 20000 } };
	CHECK(sigaction(SIGALRM, &action, NULL));
	CHECK(sigaction(SIGRTMIN, &action, NULL));
	CHECK(setitimer(ITIMER_REAL, &soon, NULL));
	int result = pause();
	say("pause %d, %d\n", result, value);
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGRTMIN,
		.sigev_value = { .sival_int = 77 },
	};
	timer_t timer;
	struct itimerspec later = { .it_value = { 0, 20000000 } };
	CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	CHECK(timer_settime(timer, 0, &later, NULL));
	result = pause();
	say("pause %d, %d\n", result, value);
	CHECK(timer_delete(timer));
	int fd = CHECK(timerfd_create(CLOCK_MONOTONIC, 0));
	uint64_t expirations;
	CHECK(timerfd_settime(fd, 0, &later, NULL));
	CHECK(read(fd, &expirations, sizeof expirations));
	say("timerfd %d\n", (int)expirations);
	return 58;
}
