/* execve with neither arguments nor environment: the kernel gives it one empty argument. */
#include "guest.h"
extern char **environ;
int main(int argc, char **argv)
{
	if (argc == 1 && argv[0][0] == '\0') {
		say("one empty argument, environment %s\n", environ == NULL || *environ == NULL ? "empty" : "?");
		return 23;
	}
	syscall(SYS_execve, "/proc/self/exe", NULL, NULL);
	return 99;
}
