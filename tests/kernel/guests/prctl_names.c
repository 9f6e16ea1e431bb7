/* Names of processes and threads with escape codes, newlines, and bytes that are no text. */
#include "guest.h"
#include <pthread.h>
static void *thread(void *name)
{
	CHECK(prctl(PR_SET_NAME, name));
	return (void *)syscall(SYS_gettid);
}
int main(int argc, char **argv)
{
	static char *names[] = { "\033]0;title\007", "new\nline", "\xff\xfe\xc0", "\033[2J\033[H", "", "a)b (c" };
	char name[16];
	if (argc > 1) {
		CHECK(prctl(PR_GET_NAME, name));
		say("%zu bytes of name\n", strlen(name));
		return 106;
	}
	for (int i = 0; i < 6; i++) {
		pthread_t other;
		ASSERT(pthread_create(&other, NULL, thread, names[i]) == 0);
		pthread_join(other, NULL);
		if (CHECK(fork()) == 0) {
			CHECK(prctl(PR_SET_NAME, names[i]));
			_exit(0);
		}
		CHECK(wait(NULL));
	}
	CHECK(symlink(argv[0], "\033[31m\n\xff name"));
	execl("./\033[31m\n\xff name", "\033[0m", "again", NULL);
	return 99;
}
