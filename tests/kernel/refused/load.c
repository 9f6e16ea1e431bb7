/* Puts a filter from a file on itself and becomes a program: what a runtime does, and no more. */
#include "../guests/guest.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
int main(int count, char **words)
{
	static struct sock_filter code[4096];
	ASSERT(count > 2);
	int file = CHECK(open(words[1], O_RDONLY | O_CLOEXEC));
	ssize_t size = CHECK(read(file, code, sizeof code));
	struct sock_fprog program = { (unsigned short)(size / (ssize_t)sizeof *code), code };
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program));
	execv(words[2], words + 2);
	/* As a runtime says it. */
	_exit(errno == ENOENT ? 127 : 126);
}
