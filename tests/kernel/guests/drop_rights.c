/* A daemon that begins as root and gives up its groups, its user and its capabilities. */
#include "guest.h"
#include <grp.h>
int main(void)
{
	CHECK(setgroups(0, NULL));
	CHECK(setgid(65534));
	CHECK(setuid(65534));
	int back = setuid(0);
	say("user %d, back %d %s\n", getuid(), back, errno == EPERM ? "EPERM" : "?");
	int fd = open("/etc/shadow", O_RDONLY);
	say("%d %s\n", fd, errno == EACCES ? "EACCES" : "?");
	pid_t child = CHECK(fork());
	if (child == 0)
		_exit(5);
	return 89 + ended(child);
}
