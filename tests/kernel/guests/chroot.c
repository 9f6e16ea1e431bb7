/* chroot into an empty folder: nothing of the system is there, calls go on. */
#include "guest.h"
int main(void)
{
	CHECK(mkdir("jail", 0755));
	CHECK(chroot("jail"));
	CHECK(chdir("/"));
	int fd = open("/etc/passwd", O_RDONLY);
	say("%d %s\n", fd, errno == ENOENT ? "ENOENT" : "?");
	pid_t child = CHECK(fork());
	if (child == 0) {
		execl("/bin/true", "true", NULL);
		_exit(errno == ENOENT ? 8 : 1);
	}
	return 94 + ended(child);
}
