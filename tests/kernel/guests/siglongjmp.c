/* siglongjmp out of a handler, out of a read that blocks: the call never returns. */
#include "guest.h"
#include <setjmp.h>
#include <sys/time.h>
static sigjmp_buf place;
static void caught(int signal)
{
	siglongjmp(place, signal);
}
int main(void)
{
	int ends[2];
	volatile int rounds = 0;
	char byte;
	CHECK(pipe(ends));
	handle(SIGALRM, caught, 0);
	for (;;) {
		struct itimerval soon = { .it_value = { 0, 10000 } };
		int signal = sigsetjmp(place, 1);
		if (signal != 0 && ++rounds == 3)
			break;
		CHECK(setitimer(ITIMER_REAL, &soon, NULL));
		read(ends[0], &byte, 1);
		_exit(1);
	}
	say("jumped %d times\n", rounds);
	return 59;
}
