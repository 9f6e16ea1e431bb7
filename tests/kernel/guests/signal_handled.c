/* Handlers: by kill, by raise, of a child's death; and what siginfo tells of the sender. */
#include "guest.h"
static void caught(int signal, siginfo_t *info, void *context)
{
	(void)context;
	say("%d from %s, code %d\n", signal, info->si_pid == getpid() ? "myself" : "another", info->si_code);
}
int main(void)
{
	static const int signals[] = { SIGUSR1, SIGTERM, SIGINT, SIGTRAP, SIGCHLD };
	struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_RESTART };
	for (size_t i = 0; i < 5; i++)
		CHECK(sigaction(signals[i], &action, NULL));
	CHECK(kill(getpid(), SIGUSR1));
	CHECK(kill(getpid(), SIGTERM));
	CHECK(raise(SIGINT));
	CHECK(raise(SIGTRAP));
	pid_t child = CHECK(fork());
	if (child == 0)
		_exit(1);
	return 40 + ended(child);
}
