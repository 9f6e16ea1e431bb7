/* PR_SET_PDEATHSIG: a signal when the parent dies. */
#include "guest.h"
static volatile sig_atomic_t caught;
static void catch(int signal)
{
	caught = signal;
}
int main(void)
{
	int ends[2];
	CHECK(pipe(ends));
	pid_t child = CHECK(fork());
	if (child == 0) {
		int go[2];
		CHECK(pipe(go));
		if (CHECK(fork()) == 0) {
			sigset_t set, old;
			sigemptyset(&set);
			sigaddset(&set, SIGUSR2);
			CHECK(sigprocmask(SIG_BLOCK, &set, &old));
			handle(SIGUSR2, catch, 0);
			CHECK(prctl(PR_SET_PDEATHSIG, SIGUSR2));
			give(go[1]);
			while (!caught)
				sigsuspend(&old);
			CHECK(write(ends[1], (char[]){ (char)caught }, 1));
			_exit(0);
		}
		take(go[0]);
		_exit(0);
	}
	char signal;
	ASSERT(ended(child) == 0 && read(ends[0], &signal, 1) == 1);
	say("the parent's death is signal %d\n", signal);
	return 0;
}
