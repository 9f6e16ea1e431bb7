/* The calls of 32-bit programs that hold many: socketcall and ipc. */
#include "guest.h"
#include <sys/socket.h>
int main(void)
{
	long arguments[3] = { AF_UNIX, SOCK_STREAM, 0 };
	ASSERT(syscall(SYS_socketcall, 1, arguments) >= 0);
	int pair[2];
	long four[4] = { AF_UNIX, SOCK_DGRAM, 0, (long)pair };
	CHECK(syscall(SYS_socketcall, 8, four));
	/* semget is 2; IPC_PRIVATE. */
	long semaphores = CHECK(syscall(SYS_ipc, 2, 0, 1, 0600, 0, 0));
	/* semctl is 3; IPC_RMID. */
	long remove = 0;
	CHECK(syscall(SYS_ipc, 3, semaphores, 0, 0, &remove, 0));
	say("socketcall and ipc\n");
	return 37;
}
