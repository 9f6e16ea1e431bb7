/* 32-bit code in a 64-bit process, reached by a far jump: its int 0x80 is a call of i386. */
#include "guest.h"
int main(void)
{
	unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT(code != MAP_FAILED);
	/* mov $20, %eax; int $0x80; lret */
	static const unsigned char bytes[] = { 0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xcb };
	memcpy(code, bytes, sizeof bytes);
	char *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT(stack != MAP_FAILED);
	struct {
		unsigned offset;
		unsigned short segment;
	} __attribute__((packed)) target = { (unsigned)(uintptr_t)code, 0x23 };
	long result;
	/* The far call leaves a 32-bit return address and segment on the low stack. */
	__asm__ volatile("mov %%rsp, %%rbx\n mov %[stack], %%rsp\n"
			 "lcall *(%[target])\n mov %%rbx, %%rsp\n"
			 : "=a"(result)
			 : [stack] "r"(stack + 65536 - 64), [target] "r"(&target)
			 : "rbx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory");
	say("getpid %d\n", result == getpid());
	return 130;
}
