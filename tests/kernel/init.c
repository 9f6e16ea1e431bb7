/*
 * The first process of a namespace of its own: runs the command that its arguments are, reaps
 * whatever comes to it, and ends when nothing is left, with the status of the command as a shell
 * gives it. It has no terminal. What still runs when it ends, or is ended, the kernel kills.
 */
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status, result = 127;
	setsid();
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
