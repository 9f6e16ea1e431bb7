/* What the guests share: a checked call, output without buffers, children, waiting for a state. */
#ifndef GUEST_H
#define GUEST_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* One write to standard output: nothing is buffered that a fork could print twice. */
__attribute__((format(printf, 1, 2), unused)) static void say(const char *format, ...)
{
	char text[4096];
	va_list list;
	va_start(list, format);
	int length = vsnprintf(text, sizeof text, format, list);
	va_end(list);
	if (write(1, text, (size_t)length) != length)
		_exit(98);
}

/* The result, or the end of the guest with the status 99 and the reason. */
#define CHECK(call)                                                                                \
	({                                                                                             \
		__typeof__(call) result_ = (call);                                                         \
		if ((long)result_ == -1) {                                                                 \
			say("%s:%d: %s: errno %d\n", __FILE__, __LINE__, #call, errno);                        \
			_exit(99);                                                                             \
		}                                                                                          \
		result_;                                                                                   \
	})

#define ASSERT(holds)                                                                              \
	do {                                                                                           \
		if (!(holds)) {                                                                            \
			say("%s:%d: %s does not hold\n", __FILE__, __LINE__, #holds);                          \
			_exit(97);                                                                             \
		}                                                                                          \
	} while (0)

/* How a child ended: its exit status, or 128 and the signal. */
__attribute__((unused)) static int ended(pid_t child)
{
	int status;
	CHECK(waitpid(child, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The handler of a signal, with sigaction's flags. */
__attribute__((unused)) static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	CHECK(sigaction(signal, &action, NULL));
}

__attribute__((unused)) static void nap(long milliseconds)
{
	struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
	nanosleep(&time, NULL);
}

/* The reading end of a pipe says `ready`, the writing end is held by `go`. */
__attribute__((unused)) static void give(int fd)
{
	CHECK(write(fd, "x", 1));
}

__attribute__((unused)) static void take(int fd)
{
	char byte;
	ASSERT(read(fd, &byte, 1) == 1);
}
#endif
