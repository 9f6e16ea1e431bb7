/* personality: kept over fork and execve. */
#include "guest.h"
#include <sys/personality.h>
int main(int argc, char **argv)
{
	if (argc == 1) {
		CHECK(personality(ADDR_NO_RANDOMIZE));
		if (CHECK(fork()) == 0)
			execl("/proc/self/exe", argv[0], "again", NULL);
		int status;
		CHECK(wait(&status));
		return WEXITSTATUS(status);
	}
	say("%x\n", (unsigned)personality(0xffffffff));
	return 101;
}
