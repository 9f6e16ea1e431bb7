/* A process namespace inside the namespace: numbers differ inside and outside. */
#include "guest.h"
int main(void)
{
	CHECK(unshare(CLONE_NEWPID));
	pid_t child = CHECK(fork());
	if (child == 0) {
		/* The first process there: what it leaves is ended by the kernel. */
		if (CHECK(fork()) == 0)
			_exit(getpid() == 2 ? 3 : 1);
		int status;
		CHECK(wait(&status));
		say("inside %d, child %d\n", getpid(), WEXITSTATUS(status));
		if (CHECK(fork()) == 0)
			for (;;)
				pause();
		_exit(4);
	}
	say("outside %d\n", ended(child));
	return 103;
}
