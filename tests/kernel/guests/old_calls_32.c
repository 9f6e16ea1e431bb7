/* Old calls that only 32-bit programs have: time, waitpid, signal, oldstat, olduname. */
#include "guest.h"
int main(void)
{
	char room[1024];
	pid_t child = CHECK(fork());
	if (child == 0)
		_exit(7);
	int status;
	CHECK(syscall(SYS_waitpid, child, &status, 0));
	say("waitpid %d, time %d\n", WEXITSTATUS(status), syscall(SYS_time, NULL) > 0);
	long old = syscall(SYS_signal, SIGUSR1, 1);
	say("signal %ld, oldstat %d\n", old, syscall(SYS_oldstat, "/", room) == 0 || errno == EOVERFLOW);
	say("olduname %ld\n", syscall(SYS_olduname, room));
	return 117;
}
