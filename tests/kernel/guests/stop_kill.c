/* SIGKILL ends a stopped process, and SIGTERM only once it is continued. */
#include "guest.h"
static pid_t stopped(void)
{
	int status;
	pid_t child = CHECK(fork());
	if (child == 0)
		for (;;)
			pause();
	CHECK(kill(child, SIGSTOP));
	CHECK(waitpid(child, &status, WUNTRACED));
	ASSERT(WIFSTOPPED(status));
	return child;
}
int main(void)
{
	pid_t child = stopped();
	CHECK(kill(child, SIGKILL));
	say("%d\n", ended(child));
	child = stopped();
	CHECK(kill(child, SIGTERM));
	nap(30);
	say("%d\n", waitpid(child, NULL, WNOHANG));
	CHECK(kill(child, SIGCONT));
	say("%d\n", ended(child));
	return 71;
}
