/* SIGSYS for refused calls, handled: all that the handler can see, and the result it gives. */
#include "../guests/guest.h"
#include <ucontext.h>
static volatile int traps;
static void caught(int signal, siginfo_t *info, void *context)
{
	ucontext_t *user = context;
	greg_t *registers = user->uc_mcontext.gregs;
	say("signal %d, code %d, errno %d, call %d, arch %x, rax %lld, rdi %lld, at %s\n", signal,
	    info->si_code, info->si_errno, info->si_syscall, info->si_arch,
	    (long long)registers[REG_RAX], (long long)registers[REG_RDI],
	    (long long)info->si_call_addr == registers[REG_RIP] ? "rip" : "?");
	registers[REG_RAX] = 1234;
	traps++;
}
static void *thread(void *unused)
{
	(void)unused;
	say("in a thread %ld\n", syscall(SYS_getsid, 7));
	return NULL;
}
#include <pthread.h>
int main(void)
{
	struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO };
	CHECK(sigaction(SIGSYS, &action, NULL));
	say("%ld\n", syscall(SYS_getpriority, 5, 0));
	say("%ld\n", syscall(0x40000000 | SYS_getpriority, 6, 0));
	long result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(96), "b"(8) : "memory", "r8", "r9", "r10", "r11");
	say("%ld\n", result);
	pthread_t other;
	CHECK(pthread_create(&other, NULL, thread, NULL));
	pthread_join(other, NULL);
	/* One that somebody sends stays what it is. */
	action.sa_flags = 0;
	action.sa_handler = SIG_IGN;
	CHECK(sigaction(SIGSYS, &action, NULL));
	CHECK(raise(SIGSYS));
	say("traps %d\n", traps);
	/* Blocked, the kernel kills with it. */
	pid_t child = CHECK(fork());
	if (child == 0) {
		sigset_t set;
		sigemptyset(&set);
		sigaddset(&set, SIGSYS);
		sigprocmask(SIG_BLOCK, &set, NULL);
		syscall(SYS_getpriority, 5, 0);
		say("not here\n");
		_exit(1);
	}
	say("child %d\n", ended(child));
	return 41;
}
