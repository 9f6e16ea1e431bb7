/* The trap flag: SIGTRAP after each instruction, and after system calls. */
#include "guest.h"
static volatile int steps;
static void caught(int signal)
{
	(void)signal;
	steps++;
}
int main(void)
{
	handle(SIGTRAP, caught, 0);
	long result;
	__asm__ volatile("pushfq\n orq $0x100, (%%rsp)\n popfq\n"
			 "nop\n mov $110, %%eax\n syscall\n nop\n"
			 "pushfq\n andq $~0x100, (%%rsp)\n popfq\n"
			 : "=a"(result)
			 :
			 : "rcx", "r11", "memory");
	say("parent %d, steps %d\n", result == getppid(), steps);
	return 64;
}
