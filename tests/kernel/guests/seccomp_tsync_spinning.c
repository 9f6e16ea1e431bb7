/* A filter that another thread gives while this one makes no call; it refuses the next one, the first of its kind. */
#include "given.h"
static void *thread(void *unused)
{
	(void)unused;
	ASSERT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	/* What libraries ask before they install anything. */
	unsigned action = SECCOMP_RET_KILL_PROCESS;
	ASSERT(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0);
	return refused_once_given();
}
int main(void)
{
	return give_to(thread);
}
