/* io_uring: work that is submitted to a ring, a no-op, is done without a call of its own. */
#include "guest.h"
#include <linux/io_uring.h>
int main(void)
{
	struct io_uring_params params = { 0 };
	int ring = (int)CHECK(syscall(SYS_io_uring_setup, 4, &params));
	size_t size = params.sq_off.array + params.sq_entries * sizeof(unsigned);
	size_t other = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	size = size > other ? size : other;
	char *rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	struct io_uring_sqe *entries = mmap(NULL, params.sq_entries * sizeof *entries,
	    PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	ASSERT(rings != MAP_FAILED && (void *)entries != MAP_FAILED);
	memset(entries, 0, sizeof *entries);
	entries[0].opcode = IORING_OP_NOP;
	entries[0].user_data = 99;
	*(unsigned *)(rings + params.sq_off.array) = 0;
	__atomic_store_n((unsigned *)(rings + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	CHECK(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	struct io_uring_cqe *done = (void *)(rings + params.cq_off.cqes);
	say("data %d, result %d\n", (int)done->user_data, done->res);
	return 100;
}
