// Links nothing, so that its calls are the same wherever it runs: writes, makes a socket, a folder
// that is there already, and a child that ends; exits with 7.
#define A(n) ((long)(n))
static long call(long n, long a, long b, long c) {
	long r;
	__asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return r;
}
void _start(void) {
	call(1, 1, A("guest\n"), 6);       // write
	call(41, 1, 1, 0);                 // socket
	call(83, A("/"), 0755, 0);         // mkdir
	if (call(57, 0, 0, 0) == 0)        // fork
		call(231, 0, 0, 0);
	call(61, -1, 0, 0);                // wait4
	call(231, 7, 0, 0);                // exit_group
	__builtin_unreachable();
}
