/* A seccomp filter that answers one call in a way of its own, and allows all others. */
#ifndef FILTER_H
#define FILTER_H
#include "guest.h"
#include <linux/filter.h>
#include <linux/seccomp.h>

__attribute__((unused)) static int try_filter(int call, unsigned answer, unsigned flags)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 4, code };
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

__attribute__((unused)) static void filter(int call, unsigned answer, unsigned flags)
{
	CHECK(try_filter(call, answer, flags));
}
#endif
