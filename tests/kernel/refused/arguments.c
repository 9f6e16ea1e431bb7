/* Calls that are refused for some arguments. */
#include "../guests/guest.h"
#include <sys/personality.h>
#include <sys/socket.h>
static int child(void *unused)
{
	(void)unused;
	return 9;
}
int main(void)
{
	static char stack[65536];
	static const int families[] = { AF_UNIX, AF_INET, AF_VSOCK, AF_ALG };
	for (int at = 0; at < 4; at++) {
		int fd = socket(families[at], SOCK_STREAM, 0);
		say("family %d: %s\n", families[at],
		    fd >= 0 ? "made" : errno == EPERM ? "EPERM" : "other");
		if (fd >= 0)
			close(fd);
	}
	static const unsigned long values[] = { 0, 8, 0x20000, 0xffffffff, 0x1234 };
	for (int at = 0; at < 5; at++) {
		long result = syscall(SYS_personality, values[at]);
		say("personality %lx: %s\n", values[at], result >= 0 ? "set" : "refused");
	}
	syscall(SYS_personality, 0);
	pid_t pid = clone(child, stack + sizeof stack, SIGCHLD, NULL);
	say("clone: %d\n", pid > 0 ? ended(pid) : -errno);
	pid = clone(child, stack + sizeof stack, SIGCHLD | CLONE_NEWUTS, NULL);
	say("clone with a namespace: %d\n", pid > 0 ? ended(pid) : -errno);
	pid = clone(child, stack + sizeof stack, SIGCHLD | CLONE_NEWUSER, NULL);
	say("clone with a user namespace: %d\n", pid > 0 ? ended(pid) : -errno);
	say("clone3: %d\n", syscall(SYS_clone3, NULL, 0) < 0 ? errno : 0);
	say("keyctl: %d\n", syscall(SYS_keyctl, 0, 0, 0, 0, 0) < 0 ? errno : 0);
	say("io_uring_setup: %d\n", syscall(SYS_io_uring_setup, 1, NULL) < 0 ? errno : 0);
	return 43;
}
