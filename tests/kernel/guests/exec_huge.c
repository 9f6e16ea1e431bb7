/* execve with ten thousand arguments and bytes that are no text. */
#include "guest.h"
int main(int argc, char **argv)
{
	if (argc > 2) {
		size_t sum = 0;
		for (int i = 0; i < argc; i++)
			sum += strlen(argv[i]);
		say("%d arguments, last %zu bytes\n", argc, strlen(argv[argc - 1]));
		return sum > 1000000 ? 22 : 1;
	}
	static char *arguments[10002];
	static char text[128];
	for (size_t i = 0; i < 120; i++)
		text[i] = (char)(i % 31 + 1);
	text[3] = (char)0xff;
	for (int i = 0; i < 10000; i++)
		arguments[i] = text;
	execv("/proc/self/exe", arguments);
	return 99;
}
