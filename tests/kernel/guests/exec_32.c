/* execve from 64 to 32 bits and back: the same process makes calls of both architectures. */
#include "guest.h"
int main(int argc, char **argv)
{
	char path[4096];
	int round = argc > 1 ? atoi(argv[1]) : 0;
	say("%zu bits\n", sizeof(long) * 8);
	/* A call of each kind that the other does not make. */
	if (sizeof(long) == 8) {
		CHECK(syscall(SYS_getpriority, 0, 0));
		if (round == 2)
			return 25;
		snprintf(path, sizeof path, "%s.32", argv[0]);
		execl(path, path, "1", NULL);
	} else {
		CHECK(getpgid(0));
		memcpy(path, argv[0], strlen(argv[0]) + 1);
		path[strlen(path) - 3] = '\0';
		execl(path, path, "2", NULL);
	}
	return 99;
}
