/* A filter of its own with a listener: another process answers the call. */
#include "filter.h"
#include <pthread.h>
#include <sys/ioctl.h>
static int listener;
static void *answers(void *unused)
{
	struct seccomp_notif *request = calloc(1, 256);
	struct seccomp_notif_resp *response = calloc(1, 256);
	CHECK(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, request));
	response->id = request->id;
	response->val = 55;
	CHECK(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, response));
	return unused;
}
int main(void)
{
	pthread_t thread;
	listener = try_filter(SYS_getpriority, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (listener == -1) {
		say("refused %d\n", errno);
		return 87;
	}
	ASSERT(pthread_create(&thread, NULL, answers, NULL) == 0);
	say("%ld\n", syscall(SYS_getpriority, 0, 0));
	pthread_join(thread, NULL);
	return 87;
}
