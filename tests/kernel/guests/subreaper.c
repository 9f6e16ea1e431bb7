/* PR_SET_CHILD_SUBREAPER: orphans become children of the nearest subreaper, not of others. */
#include "guest.h"
int main(void)
{
	int ends[2], on = 0;
	pid_t orphan;
	CHECK(pipe(ends));
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	CHECK(prctl(PR_GET_CHILD_SUBREAPER, &on));
	pid_t child = CHECK(fork());
	if (child == 0) {
		orphan = CHECK(fork());
		if (orphan == 0) {
			take(ends[0]);
			_exit(20);
		}
		_exit(21);
	}
	int first = ended(child);
	give(ends[1]);
	int status;
	orphan = CHECK(waitpid(-1, &status, 0));
	say("subreaper %d, child %d, orphan %d\n", on, first, WEXITSTATUS(status));
	return 0;
}
