/* What a program sees of filters: PR_GET_SECCOMP, /proc/self/status, PR_GET_NO_NEW_PRIVS. */
#include "guest.h"
int main(void)
{
	char text[8192];
	int fd = CHECK(open("/proc/self/status", O_RDONLY));
	ssize_t length = CHECK(read(fd, text, sizeof text - 1));
	text[length] = '\0';
	char *line = strstr(text, "Seccomp:");
	say("mode %d, status %c, no_new_privs %d\n", prctl(PR_GET_SECCOMP), line ? line[9] : '?',
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return 90;
}
