/* execve of itself fifty times by one process. */
#include "guest.h"
int main(int argc, char **argv)
{
	char number[16];
	int round = argc > 1 ? atoi(argv[1]) : 0;
	if (round == 50) {
		say("fifty\n");
		return 24;
	}
	snprintf(number, sizeof number, "%d", round + 1);
	execl("/proc/self/exe", argv[0], number, NULL);
	return 99;
}
