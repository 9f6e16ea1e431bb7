/* A child that leads a session on a new terminal, for the guests about job control. */
#ifndef TTY_H
#define TTY_H
#include "guest.h"
#include <sys/ioctl.h>
#include <termios.h>

static int master;

/* Everything in `body` happens in the child. */
__attribute__((unused)) static pid_t on_terminal(int (*body)(void))
{
	char path[64];
	int unlock = 0, number;
	master = CHECK(open("/dev/ptmx", O_RDWR | O_NOCTTY));
	CHECK(ioctl(master, TIOCSPTLCK, &unlock));
	CHECK(ioctl(master, TIOCGPTN, &number));
	snprintf(path, sizeof path, "/dev/pts/%d", number);
	pid_t leader = CHECK(fork());
	if (leader == 0) {
		CHECK(setsid());
		int fd = CHECK(open(path, O_RDWR));
		CHECK(dup2(fd, 0));
		_exit(body());
	}
	return leader;
}
#endif
