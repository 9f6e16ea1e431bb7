/* execve with more arguments than the kernel takes: E2BIG. */
#include "guest.h"
int main(int argc, char **argv)
{
	(void)argc;
	static char *arguments[40002];
	static char large[140000];
	memset(large, 'x', sizeof large - 1);
	arguments[0] = argv[0];
	arguments[1] = large;
	int result = execv("/proc/self/exe", arguments);
	say("%d %s\n", result, errno == E2BIG ? "E2BIG" : "?");
	for (int i = 1; i < 40001; i++)
		arguments[i] = large + sizeof large - 1000;
	result = execv("/proc/self/exe", arguments);
	say("%d %s\n", result, errno == E2BIG ? "E2BIG" : "?");
	return 0;
}
