/* The real-time signals 32 and 33, which the C library keeps for itself, as raw numbers. */
#include "guest.h"
static volatile int caught[2];
static void handler(int signal)
{
	caught[signal - 32]++;
}
struct kernel_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};
__asm__(".globl restorer\nrestorer: mov $15, %eax\n syscall\n");
extern void restorer(void);
int main(void)
{
	struct kernel_action action = { handler, 0x04000000, restorer, 0 };
	for (int signal = 32; signal <= 33; signal++) {
		CHECK(syscall(SYS_rt_sigaction, signal, &action, NULL, 8));
		CHECK(syscall(SYS_kill, getpid(), signal));
		CHECK(syscall(SYS_tgkill, getpid(), getpid(), signal));
	}
	say("%d %d\n", caught[0], caught[1]);
	return 44;
}
