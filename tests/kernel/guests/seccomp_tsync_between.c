/* A filter that another thread gives between two calls with the same number, of i386 and of x86_64; it refuses the second. */
#include "given.h"
static void *thread(void *unused)
{
	long result;
	(void)unused;
	/* 140 is _llseek on i386 and getpriority on x86_64. */
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(140L), "b"(-1L)
			 : "memory", "r8", "r9", "r10", "r11");
	return refused_once_given();
}
int main(void)
{
	return give_to(thread);
}
