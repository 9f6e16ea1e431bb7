/* A death that dumps core says so in its status. */
#include "guest.h"
#include <sys/resource.h>
int main(void)
{
	struct rlimit some = { 1 << 20, 1 << 20 };
	int status;
	CHECK(setrlimit(RLIMIT_CORE, &some));
	pid_t child = CHECK(fork());
	if (child == 0)
		abort();
	CHECK(waitpid(child, &status, 0));
	say("signal %d, core %d\n", WTERMSIG(status), WCOREDUMP(status) != 0);
	return 78;
}
