/* A filter of its own beside the one it runs under: the stricter answer counts, of equally strict
   ones that of the later filter. Its own kills what it does not know. */
#include "../guests/guest.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#define IS(number, answer)                                                                         \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, answer)
static void install(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		IS(SYS_getppid, SECCOMP_RET_ERRNO | 77),
		IS(SYS_sched_yield, SECCOMP_RET_ERRNO | 78),
		IS(SYS_getpgid, SECCOMP_RET_LOG),
		IS(SYS_getsid, SECCOMP_RET_TRACE | 5),
		IS(SYS_mlockall, SECCOMP_RET_ERRNO | 79),
		IS(SYS_munlockall, SECCOMP_RET_ERRNO | 80),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 500, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof code / sizeof *code, code };
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}
static int result(long number)
{
	long result = syscall(number, 0, 0);
	return result < 0 ? errno : 0;
}
static int as_child(long number)
{
	pid_t child = CHECK(fork());
	if (child == 0)
		_exit(result(number));
	return ended(child);
}
static void caught(int signal, siginfo_t *info, void *context)
{
	(void)context;
	say("signal %d, call %d\n", signal, info->si_syscall);
}
int main(void)
{
	struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO };
	CHECK(sigaction(SIGSYS, &action, NULL));
	install();
	say("refused by the outer alone %d\n", result(SYS_getpriority));
	say("refused by both %d\n", result(SYS_getppid));
	say("refused by its own alone %d\n", result(SYS_sched_yield));
	say("logged by its own, refused by the outer %d\n", result(SYS_getpgid));
	say("traced by its own, refused by the outer %d\n", result(SYS_getsid));
	say("refused by its own, killed by the outer %d\n", as_child(SYS_mlockall));
	say("refused by its own, trapped by the outer\n");
	result(SYS_munlockall);
	say("killed by the outer %d\n", as_child(SYS_setpriority));
	say("killed by its own %d\n", as_child(600));
	return 44;
}
