/* SIGCHLD tells the parent of stops, continuations and deaths, and of nothing else. */
#include "guest.h"
static volatile sig_atomic_t codes[8], count;
static void caught(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	if (count < 8)
		codes[count++] = info->si_code;
}
int main(void)
{
	struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_RESTART };
	int status, ends[2];
	CHECK(pipe(ends));
	CHECK(sigaction(SIGCHLD, &action, NULL));
	pid_t child = CHECK(fork());
	if (child == 0) {
		/* Much that a tracer could stop for. */
		for (int i = 0; i < 100; i++)
			getppid();
		if (fork() == 0)
			_exit(0);
		wait(NULL);
		CHECK(raise(SIGURG));
		CHECK(raise(SIGSTOP));
		take(ends[0]);
		_exit(3);
	}
	CHECK(waitpid(child, &status, WUNTRACED));
	CHECK(kill(child, SIGCONT));
	/* Two at once would be one. */
	while (count < 2)
		nap(1);
	nap(1);
	give(ends[1]);
	ended(child);
	for (int i = 0; i < count; i++)
		say("%s ", codes[i] == CLD_STOPPED ? "stopped" : codes[i] == CLD_CONTINUED ? "continued" :
		    codes[i] == CLD_EXITED ? "exited" : codes[i] == CLD_TRAPPED ? "trapped" : "?");
	say("\n");
	return 126;
}
