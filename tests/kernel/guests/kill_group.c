/* kill of a process group: all of it hear, the others do not. */
#include "guest.h"
int main(void)
{
	int ends[2];
	pid_t children[4];
	CHECK(pipe(ends));
	for (int i = 0; i < 4; i++) {
		children[i] = CHECK(fork());
		if (children[i] == 0) {
			CHECK(setpgid(0, i == 0 || i == 3 ? 0 : children[0]));
			give(ends[1]);
			for (;;)
				pause();
		}
		take(ends[0]);
	}
	CHECK(kill(-children[0], SIGTERM));
	for (int i = 0; i < 3; i++)
		say("%d ", ended(children[i]));
	say("%d\n", waitpid(children[3], NULL, WNOHANG));
	CHECK(kill(children[3], SIGKILL));
	return ended(children[3]) == 128 + SIGKILL ? 51 : 1;
}
