/* POSIX message queues: priorities, and a signal when one is no longer empty. */
#include "guest.h"
#include <mqueue.h>
static volatile sig_atomic_t caught;
static void catch(int signal)
{
	caught = signal;
}
int main(void)
{
	char text[16];
	unsigned priority;
	struct mq_attr attributes = { .mq_maxmsg = 4, .mq_msgsize = 16 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	char name[64];
	snprintf(name, sizeof name, "/callsieve-test-%d-%ld", getpid(), (long)time(NULL));
	mqd_t queue = CHECK(mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attributes));
	CHECK(mq_unlink(name));
	handle(SIGUSR1, catch, SA_RESTART);
	CHECK(mq_notify(queue, &event));
	CHECK(mq_send(queue, "low", 4, 1));
	CHECK(mq_send(queue, "high", 5, 9));
	CHECK(mq_receive(queue, text, sizeof text, &priority));
	say("%s %u, signal %d\n", text, priority, caught);
	return 111;
}
