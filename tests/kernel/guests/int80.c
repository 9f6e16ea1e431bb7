/* int 0x80 from 64-bit code: calls of i386, by the numbers of i386. */
#include "guest.h"
static long call(long number, long first)
{
	long result;
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(first)
			 : "memory", "r8", "r9", "r10", "r11");
	return result;
}
int main(void)
{
	/* getpid is 20 on i386; 20 is writev on x86_64. getpgid is 132. */
	say("%d\n", call(20, 0) == getpid());
	say("%d\n", (pid_t)call(132, 0) == getpgid(0));
	return 31;
}
