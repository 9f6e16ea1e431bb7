/* A process whose parent dies gets another one, and ends after it. */
#include "guest.h"
int main(void)
{
	int ends[2];
	CHECK(pipe(ends));
	pid_t child = CHECK(fork());
	if (child == 0) {
		pid_t mother = getpid();
		if (CHECK(fork()) == 0) {
			while (getppid() == mother)
				nap(1);
			nap(1);
			say("orphan\n");
			give(ends[1]);
			_exit(3);
		}
		_exit(4);
	}
	int status = ended(child);
	take(ends[0]);
	say("child %d, waits for more %d\n", status, waitpid(-1, NULL, 0) == -1 ? errno : 0);
	return 19;
}
