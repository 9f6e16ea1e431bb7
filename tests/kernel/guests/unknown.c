/* Numbers that no table has: 500, 1000, 4095, and -1, which a tracer must not take for a skip. */
#include "guest.h"
int main(void)
{
	static const long numbers[] = { 500, 1000, 4095, 0x7fffffff, -1 };
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		errno = 0;
		long result = syscall(numbers[i]);
		say("%ld: %ld %s\n", numbers[i], result, errno == ENOSYS ? "ENOSYS" : "?");
	}
	return 33;
}
