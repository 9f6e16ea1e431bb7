/* waitid for stops: WSTOPPED, WCONTINUED and WNOWAIT, with what siginfo tells. */
#include "guest.h"
static void show(pid_t child, int options)
{
	siginfo_t info = { 0 };
	CHECK(waitid(P_PID, (id_t)child, &info, options));
	say("code %d status %d\n", info.si_code, info.si_status);
}
int main(void)
{
	pid_t child = CHECK(fork());
	if (child == 0)
		for (;;)
			pause();
	CHECK(kill(child, SIGSTOP));
	show(child, WSTOPPED | WNOWAIT);
	show(child, WSTOPPED);
	CHECK(kill(child, SIGCONT));
	show(child, WCONTINUED);
	CHECK(kill(child, SIGTERM));
	show(child, WEXITED | WNOWAIT);
	show(child, WEXITED);
	return 66;
}
