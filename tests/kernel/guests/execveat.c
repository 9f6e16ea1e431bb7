/* execveat with a directory's descriptor, after one that fails. */
#include "guest.h"
int main(int argc, char **argv)
{
	if (argc > 1) {
		say("below a directory\n");
		return 27;
	}
	char folder[4096], *arguments[] = { argv[0], "again", NULL };
	memcpy(folder, argv[0], strlen(argv[0]) + 1);
	char *slash = strrchr(folder, '/');
	*slash = '\0';
	int fd = CHECK(open(folder, O_RDONLY | O_DIRECTORY));
	long result = syscall(SYS_execveat, fd, "nothing", arguments, NULL, 0);
	say("%ld %d\n", result, errno);
	syscall(SYS_execveat, fd, slash + 1, arguments, NULL, 0);
	return 99;
}
