/* fexecve: execveat with a descriptor and AT_EMPTY_PATH. */
#include "guest.h"
int main(int argc, char **argv)
{
	if (argc > 1) {
		say("through a descriptor\n");
		return 26;
	}
	char *arguments[] = { argv[0], "again", NULL }, *environment[] = { NULL };
	int fd = CHECK(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
	fexecve(fd, arguments, environment);
	return 99;
}
