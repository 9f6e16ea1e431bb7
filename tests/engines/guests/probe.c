/*
 * Makes the system calls whose numbers are its arguments, each with six arguments of all ones,
 * and prints "NUMBER ERRNO" a line. Links no library and makes no call of its own but write and
 * exit_group, so that it runs under a profile that knows nothing of it.
 */
#define ALL_ONES (-1L)

static long call(long nr, long a, long b, long c)
{
	long result;
#if defined(__x86_64__)
	register long r10 __asm__("r10") = ALL_ONES;
	register long r8 __asm__("r8") = ALL_ONES;
	register long r9 __asm__("r9") = ALL_ONES;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
#elif defined(__i386__)
	__asm__ volatile("pushl %%ebp\n\tmovl $-1, %%ebp\n\tint $0x80\n\tpopl %%ebp"
			 : "=a"(result)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(ALL_ONES), "D"(ALL_ONES)
			 : "memory");
#else
#error "the probe knows x86_64 and i386"
#endif
	return result;
}

#if defined(__x86_64__)
#define NR_WRITE 1
#define NR_EXIT_GROUP 231
#else
#define NR_WRITE 4
#define NR_EXIT_GROUP 252
#endif

static char *put(char *at, unsigned long number)
{
	char digits[24];
	int count = 0;
	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	while (count > 0)
		*at++ = digits[--count];
	return at;
}

__attribute__((noreturn, used)) void probe(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1);
	for (long i = 1; i < argc; i++) {
		unsigned long nr = 0;
		for (const char *c = argv[i]; *c >= '0' && *c <= '9'; c++)
			nr = nr * 10 + (unsigned long)(*c - '0');
		long result = call((long)nr, ALL_ONES, ALL_ONES, ALL_ONES);
		unsigned long error = result < 0 && result > -4096 ? (unsigned long)-result : 0;
		char line[64];
		char *end = put(line, nr);
		*end++ = ' ';
		end = put(end, error);
		*end++ = '\n';
		call(NR_WRITE, 1, (long)line, end - line);
	}
	call(NR_EXIT_GROUP, 0, 0, 0);
	for (;;)
		;
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\tmovq %rsp, %rdi\n\tandq $-16, %rsp\n\tcall probe\n");
#else
__asm__(".globl _start\n_start:\n\tmovl %esp, %eax\n\tandl $-16, %esp\n\tsubl $12, %esp\n"
	"\tpushl %eax\n\tcall probe\n");
#endif
