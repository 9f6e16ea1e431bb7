/* Arguments and environment arrive byte for byte, and nothing is added. */
#include "guest.h"
extern char **environ;
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		say("[%s]", argv[i]);
	say("\n");
	for (char **variable = environ; *variable != NULL; variable++)
		say("%s\n", *variable);
	char *name = strrchr(argv[0], '/');
	char comm[16];
	CHECK(prctl(PR_GET_NAME, comm));
	say("%s %s\n", name ? name + 1 : argv[0], comm);
	return 120;
}
