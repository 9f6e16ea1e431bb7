/* clone with the exit signal 0 or SIGUSR1: only __WCLONE and __WALL wait for such a child. */
#include "guest.h"
static volatile sig_atomic_t signals;
static void caught(int signal)
{
	(void)signal;
	signals++;
}
static int child(void *status)
{
	return (int)(long)status;
}
int main(void)
{
	static char stack[65536];
	int status;
	handle(SIGUSR1, caught, SA_RESTART);
	pid_t pid = CHECK(clone(child, stack + sizeof stack, 0, (void *)5));
	int plain = waitpid(pid, &status, 0) == -1 ? errno : 0;
	CHECK(waitpid(pid, &status, __WCLONE));
	say("plain %s, __WCLONE %d\n", plain == ECHILD ? "ECHILD" : "?", WEXITSTATUS(status));
	pid = CHECK(clone(child, stack + sizeof stack, SIGUSR1, (void *)6));
	CHECK(waitpid(pid, &status, __WALL));
	say("__WALL %d, signals %d\n", WEXITSTATUS(status), signals);
	return 0;
}
