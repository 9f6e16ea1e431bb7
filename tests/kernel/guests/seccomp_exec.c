/* A filter of its own stays on over execve and is the children's too. */
#include "filter.h"
int main(int argc, char **argv)
{
	if (argc == 1) {
		filter(SYS_getpriority, SECCOMP_RET_ERRNO | 98, 0);
		execl("/proc/self/exe", argv[0], "again", NULL);
	}
	pid_t child = CHECK(fork());
	if (child == 0)
		_exit(syscall(SYS_getpriority, 0, 0) == -1 ? errno : 0);
	say("%d\n", ended(child));
	return 89;
}
