/* SA_RESETHAND: the second signal has its default effect. */
#include "guest.h"
static void caught(int signal)
{
	say("once %d\n", signal);
}
int main(void)
{
	handle(SIGTERM, caught, SA_RESETHAND);
	CHECK(raise(SIGTERM));
	CHECK(raise(SIGTERM));
	return 1;
}
