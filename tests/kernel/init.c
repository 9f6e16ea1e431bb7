/*
 * The first process of namespaces of its own: turns on their loopback device, runs the command that its arguments are, reaps
 * whatever comes to it, and ends when nothing is left, with the status of the command as a shell
 * gives it. The command gets no terminal, three descriptors and no ignored signal, whoever runs
 * this: the C library's posix_spawn leaves 32 and 33 ignored. What still runs when it ends, or is ended, the kernel kills.
 */
#define _GNU_SOURCE
#include <sys/wait.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int loopback(void)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	strcpy(request.ifr_name, "lo");
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	int result = ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return result;
}

int main(int argc, char **argv)
{
	int status, result = 127;
	struct {
		void *handler;
		unsigned long flags, restorer, mask[2];
	} initial = { 0 };
	for (int signal = 1; signal <= 64; signal++)
		syscall(SYS_rt_sigaction, signal, &initial, 0, 8);
	syscall(SYS_rt_sigprocmask, 2, initial.mask, 0, 8);
	setsid();
	if (argc > 1 && loopback() == -1)
		return 126;
	close_range(3, ~0U, 0);
	pid_t command = argc > 1 ? fork() : -1, child;
	if (command == 0) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	while ((child = wait(&status)) != -1)
		if (child == command)
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return result;
}
