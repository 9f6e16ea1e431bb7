/* SA_NOCLDWAIT: children leave nothing to wait for, and wait ends when the last is gone. */
#include "guest.h"
int main(void)
{
	int status;
	handle(SIGCHLD, SIG_DFL, SA_NOCLDWAIT);
	for (int i = 0; i < 3; i++)
		if (CHECK(fork()) == 0)
			_exit(i);
	int result = wait(&status);
	say("wait %d %s\n", result, errno == ECHILD ? "ECHILD" : "?");
	return 61;
}
