/*
 * The first process of a namespace of its own: runs the command that its arguments are, reaps
 * whatever comes to it, and ends when nothing is left, with the status of the command as a shell
 * gives it. The command gets no terminal, three descriptors and no ignored signal, whoever runs
 * this: the C library's posix_spawn leaves 32 and 33 ignored. What still runs when it ends, or is ended, the kernel kills.
 */
#define _GNU_SOURCE
#include <sys/wait.h>
#include <sys/syscall.h>
#include <unistd.h>

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
