/* rt_sigqueueinfo with a code and bytes of its own: a tracer must hand all of them on. */
#include "guest.h"
static volatile int ok;
static void caught(int signal, siginfo_t *info, void *context)
{
	(void)context;
	ok = signal == SIGRTMIN + 5 && info->si_code == -60 && info->si_pid == 4242 && info->si_uid == 17 &&
	     info->si_value.sival_ptr == (void *)0x123456789abcdef0 && info->si_errno == 33;
}
int main(void)
{
	struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO };
	siginfo_t info = { .si_signo = SIGRTMIN + 5, .si_code = -60, .si_errno = 33 };
	info.si_pid = 4242;
	info.si_uid = 17;
	info.si_value.sival_ptr = (void *)0x123456789abcdef0;
	CHECK(sigaction(SIGRTMIN + 5, &action, NULL));
	CHECK(syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN + 5, &info));
	say("kept %d\n", ok);
	return 128;
}
