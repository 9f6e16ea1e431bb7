/* execve that fails: ENOENT, EACCES, ENOEXEC, ENOTDIR, ELOOP; the program goes on. */
#include "guest.h"
static void attempt(const char *path)
{
	char *arguments[] = { "x", NULL };
	int result = execve(path, arguments, NULL);
	say("%s %d %d\n", path, result, errno);
}
int main(void)
{
	int fd = CHECK(open("text", O_CREAT | O_WRONLY, 0755));
	CHECK(write(fd, "no program\n", 11));
	close(fd);
	CHECK(open("plain", O_CREAT | O_WRONLY, 0644));
	CHECK(symlink("loop", "loop"));
	attempt("nothing");
	attempt("plain");
	attempt("text");
	attempt("text/x");
	attempt("loop");
	return 21;
}
