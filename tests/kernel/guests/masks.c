/* ppoll, pselect, epoll_pwait and sigsuspend with a mask that lets a blocked signal through. */
#include "guest.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
static volatile sig_atomic_t count;
static void caught(int signal)
{
	(void)signal;
	count++;
}
static void result(const char *what, int value)
{
	say("%s %d %s, %d\n", what, value, errno == EINTR ? "EINTR" : "?", count);
}
int main(void)
{
	sigset_t set, open;
	struct epoll_event event;
	handle(SIGUSR1, caught, SA_RESTART);
	sigemptyset(&open);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL));
	int epoll = CHECK(epoll_create1(0));
	CHECK(raise(SIGUSR1));
	result("ppoll", ppoll(NULL, 0, NULL, &open));
	CHECK(raise(SIGUSR1));
	result("pselect", pselect(0, NULL, NULL, NULL, NULL, &open));
	CHECK(raise(SIGUSR1));
	result("epoll_pwait", epoll_pwait(epoll, &event, 1, -1, &open));
	CHECK(raise(SIGUSR1));
	result("sigsuspend", sigsuspend(&open));
	return 56;
}
