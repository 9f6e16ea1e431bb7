/* A daemon: two forks and setsid; it outlives the process that started it. */
#include "guest.h"
int main(void)
{
	if (CHECK(fork()) != 0)
		_exit(18);
	CHECK(setsid());
	if (CHECK(fork()) != 0)
		_exit(1);
	/* Its parent is gone, and so is the first process. */
	nap(300);
	say("daemon, session of another %d\n", getsid(0) != getpid());
	_exit(2);
}
