/* Signals of the processor, handled: SIGSEGV, SIGFPE, SIGILL, SIGBUS, and SIGTRAP of int3. */
#include "guest.h"
#include <setjmp.h>
static sigjmp_buf place;
static void caught(int signal, siginfo_t *info, void *context)
{
	(void)context;
	say("signal %d code %d\n", signal, info->si_code);
	siglongjmp(place, 1);
}
int main(void)
{
	static const int signals[] = { SIGSEGV, SIGFPE, SIGILL, SIGBUS, SIGTRAP };
	struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO };
	int fd = CHECK(memfd_create("empty", 0));
	volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	for (int i = 0; i < 5; i++) {
		CHECK(sigaction(signals[i], &action, NULL));
		if (sigsetjmp(place, 1) != 0)
			continue;
		if (i == 0)
			*(volatile char *)8 = 1;
		if (i == 1)
			__asm__ volatile("xor %%eax, %%eax; xor %%edx, %%edx; div %%eax" ::: "eax", "edx");
		if (i == 2)
			__asm__ volatile("ud2");
		if (i == 3)
			say("%d\n", *page);
		if (i == 4)
			__asm__ volatile("int3");
	}
	return 63;
}
