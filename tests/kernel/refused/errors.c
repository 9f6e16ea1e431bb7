/* Refused calls of three architectures: the results, and that no other register changes. */
#include "../guests/guest.h"
static long call(long number, int *kept)
{
	long result, b = 0x1111, d = 0x3333, s = 0x4444, i = 0x5555;
	register long r8 __asm__("r8") = 0x8888;
	register long r9 __asm__("r9") = 0x9999;
	register long r10 __asm__("r10") = 0xaaaa;
	register long r12 __asm__("r12") = 0xcccc;
	register long r15 __asm__("r15") = 0xffff;
	__asm__ volatile("syscall"
			 : "=a"(result), "+b"(b), "+d"(d), "+S"(s), "+D"(i), "+r"(r8), "+r"(r9),
			   "+r"(r10), "+r"(r12), "+r"(r15)
			 : "0"(number)
			 : "rcx", "r11", "memory");
	*kept = b == 0x1111 && d == 0x3333 && s == 0x4444 && i == 0x5555 && r8 == 0x8888 &&
		r9 == 0x9999 && r10 == 0xaaaa && r12 == 0xcccc && r15 == 0xffff;
	return result;
}
static long call_32(long number, int *kept)
{
	long result, b = 0x1111, c = 0x2222, d = 0x3333, s = 0x4444, i = 0x5555;
	__asm__ volatile("int $0x80"
			 : "=a"(result), "+b"(b), "+c"(c), "+d"(d), "+S"(s), "+D"(i)
			 : "0"(number)
			 : "memory", "r8", "r9", "r10", "r11");
	*kept = b == 0x1111 && c == 0x2222 && d == 0x3333 && s == 0x4444 && i == 0x5555;
	return result;
}
int main(void)
{
	enum { X32 = 0x40000000 };
	static const struct {
		const char *name;
		long number;
	} all[] = {
		{ "getpriority", SYS_getpriority },
		{ "setpriority", SYS_setpriority },
		{ "getpgid", SYS_getpgid },
		{ "getsid", SYS_getsid },
		{ "sched_yield", SYS_sched_yield },
		{ "getppid", SYS_getppid },
		{ "mlockall", SYS_mlockall },
		{ "x32 getpriority", X32 | SYS_getpriority },
		{ "x32 getppid", X32 | SYS_getppid },
		{ "1000", 1000 },
		{ "-1", -1 },
		{ "as -1", 0xffffffff },
		{ "high bits", 0x100000000 | SYS_getpriority },
		{ "a large number", 0x3ca10000 },
	};
	for (size_t at = 0; at < sizeof all / sizeof *all; at++) {
		int kept;
		long result = call(all[at].number, &kept);
		say("%s: %ld, registers %s\n", all[at].name, result < 0 ? result : 0,
		    kept ? "kept" : "changed");
	}
	/* getpriority, getpgid, getppid by the numbers of i386. */
	for (int at = 0; at < 3; at++) {
		static const int numbers[] = { 96, 132, 64 };
		int kept;
		long result = call_32(numbers[at], &kept);
		say("i386 %d: %d, registers %s\n", numbers[at], (int)result < 0 ? (int)result : 0,
		    kept ? "kept" : "changed");
	}
	return 40;
}
