/* wait4, waitpid and waitid: by group, any, WNOHANG, with usage; ECHILD when none is left. */
#include "guest.h"
#include <sys/resource.h>
static pid_t exits(int status)
{
	pid_t child = CHECK(fork());
	if (child == 0)
		_exit(status);
	return child;
}
int main(void)
{
	struct rusage usage;
	siginfo_t info = { 0 };
	int status;
	pid_t child = CHECK(fork());
	if (child == 0) {
		pause();
	}
	say("nothing yet %d\n", waitpid(-1, &status, WNOHANG));
	CHECK(kill(child, SIGTERM));
	CHECK(waitid(P_PID, (id_t)child, &info, WEXITED));
	say("code %d status %d\n", info.si_code, info.si_status);
	child = exits(3);
	CHECK(wait4(child, &status, 0, &usage));
	say("wait4 %d\n", WEXITSTATUS(status));
	exits(4);
	CHECK(waitpid(0, &status, 0));
	say("group %d\n", WEXITSTATUS(status));
	exits(5);
	CHECK(waitid(P_PGID, (id_t)getpgrp(), &info, WEXITED));
	say("P_PGID %d\n", info.si_status);
	exits(6);
	CHECK(wait(&status));
	say("any %d\n", WEXITSTATUS(status));
	pid_t result = wait(&status);
	say("%d %s\n", result, errno == ECHILD ? "ECHILD" : "?");
	return 79;
}
