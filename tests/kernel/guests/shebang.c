/* execve of a script whose interpreter is a script whose interpreter is this program. */
#include "guest.h"
static void script(const char *path, const char *interpreter)
{
	char line[300];
	int length = snprintf(line, sizeof line, "#!%s second\n", interpreter);
	ASSERT(length < 250);
	int fd = CHECK(open(path, O_CREAT | O_WRONLY, 0755));
	CHECK(write(fd, line, (size_t)length));
	close(fd);
}
int main(int argc, char **argv)
{
	if (argc > 1) {
		say("%d arguments: %s, %s\n", argc, argv[1], argv[argc - 1]);
		return 29;
	}
	script("inner", argv[0]);
	script("outer", "./inner");
	execl("./outer", "outer", "word", NULL);
	return 99;
}
