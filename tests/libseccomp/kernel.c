// Installs a filter and makes calls under it. The calls are of a kind that does nothing whatever
// their arguments are.
//
// In: the number of bytes of the filter, the bytes, the number of calls, and for each call whether
// it is made with `int 0x80`, its number and six arguments; all as 64 bits of this machine.
// Out, for each call: what it returned, or 1000000 plus the signal that the process died of.
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct call {
	uint64_t compat, number, args[6];
};

static int64_t make(const struct call *c) {
	int64_t result;

	if (c->compat) {
		register uint64_t bp __asm__("r10") = c->args[5];
		__asm__ volatile("push %%rbp\n\tmov %%r10, %%rbp\n\tint $0x80\n\tpop %%rbp"
				 : "=a"(result)
				 : "a"(c->number), "b"(c->args[0]), "c"(c->args[1]), "d"(c->args[2]),
				   "S"(c->args[3]), "D"(c->args[4]), "r"(bp)
				 : "memory", "r8", "r9", "r11");
		return (int32_t)result;
	}
	register uint64_t r10 __asm__("r10") = c->args[3];
	register uint64_t r8 __asm__("r8") = c->args[4];
	register uint64_t r9 __asm__("r9") = c->args[5];
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(c->number), "D"(c->args[0]), "S"(c->args[1]), "d"(c->args[2]),
			   "r"(r10), "r"(r8), "r"(r9)
			 : "memory", "rcx", "r11");
	return result;
}

static void in(void *to, size_t bytes) {
	if (fread(to, 1, bytes, stdin) != bytes)
		exit(3);
}

int main(void) {
	uint64_t bytes, count;
	struct sock_fprog program;
	struct call *calls;
	struct { uint64_t done; int64_t results[]; } *shared;

	in(&bytes, sizeof bytes);
	program.len = bytes / sizeof(struct sock_filter);
	program.filter = malloc(bytes);
	in(program.filter, bytes);
	in(&count, sizeof count);
	calls = malloc(count * sizeof *calls);
	in(calls, count * sizeof *calls);
	shared = mmap(NULL, 8 * (count + 1), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 3;
	while (shared->done < count) {
		pid_t child = fork();
		int status;
		if (child == 0) {
			if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
			    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
				_exit(4);
			// From here on any call may be refused or deadly.
			while (shared->done < count) {
				shared->results[shared->done] = make(&calls[shared->done]);
				shared->done++;
			}
			__builtin_trap();
		}
		if (child < 0 || waitpid(child, &status, 0) != child)
			return 3;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 4) {
			fprintf(stderr, "the kernel does not take the filter\n");
			return 4;
		}
		if (shared->done < count)
			shared->results[shared->done++] = 1000000 + WTERMSIG(status);
	}
	fwrite(shared->results, 8, count, stdout);
	return 0;
}
