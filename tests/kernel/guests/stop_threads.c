/* A stop of a process with threads stops all of them. */
#include "guest.h"
#include <pthread.h>
static volatile long *count;
_Noreturn static void *counts(void *number)
{
	for (;;)
		count[(long)number * 8]++;
}
int main(void)
{
	int status;
	count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child = CHECK(fork());
	if (child == 0) {
		pthread_t thread;
		for (long i = 0; i < 3; i++)
			ASSERT(pthread_create(&thread, NULL, counts, (void *)i) == 0);
		for (;;)
			pause();
	}
	while (count[0] == 0 || count[8] == 0 || count[16] == 0)
		nap(1);
	nap(1);
	for (int round = 0; round < 3; round++) {
		CHECK(kill(child, SIGSTOP));
		CHECK(waitpid(child, &status, WUNTRACED));
		long before[3] = { count[0], count[8], count[16] };
		nap(20);
		int still = 0;
		for (int i = 0; i < 3; i++)
			still += count[i * 8] == before[i];
		CHECK(kill(child, SIGCONT));
		while (count[0] == before[0] || count[8] == before[1] || count[16] == before[2])
			nap(1);
		say("%d of 3 stood still\n", still);
	}
	CHECK(kill(child, SIGKILL));
	return ended(child) == 137 ? 70 : 1;
}
