// Makes filters with libseccomp as runc does and answers with their bytes.
//
// In, one word list a line:
//   F ACTION                    a new filter with this default action
//   A NAME                      one more architecture
//   R ACTION NAME COUNT [ARG OP A B]...   a rule (seccomp_rule_add_array)
//   E                           export
// Out, for each E: the error (0, or what failed first) and the number of bytes, each as 32 bits of
// this machine, then the bytes.
#define _GNU_SOURCE
#include <errno.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int export_to(scmp_filter_ctx filter, int fd, int error) {
	uint32_t head[2] = {0, 0};
	char *bytes = NULL;
	off_t size = 0;

	if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET))
		return 1;
	if (!error)
		error = -seccomp_export_bpf(filter, fd);
	if (!error) {
		size = lseek(fd, 0, SEEK_END);
		bytes = malloc(size + 1);
		if (!bytes || pread(fd, bytes, size, 0) != size)
			return 1;
	}
	head[0] = error;
	head[1] = size;
	fwrite(head, sizeof head, 1, stdout);
	fwrite(bytes, 1, size, stdout);
	free(bytes);
	return fflush(stdout);
}

int main(void) {
	static char line[1 << 20];
	scmp_filter_ctx filter = NULL;
	int error = 0, fd = memfd_create("filter", 0);
	const struct scmp_version *version = seccomp_version();

	printf("%u.%u.%u\n", version->major, version->minor, version->micro);
	fflush(stdout);
	while (fgets(line, sizeof line, stdin)) {
		char *save, *word = strtok_r(line, " \n", &save);
		if (!word)
			continue;
		// Some rules make libseccomp run in circles.
		alarm(2);
		if (*word == 'F') {
			if (filter)
				seccomp_release(filter);
			filter = seccomp_init(strtoul(strtok_r(NULL, " \n", &save), NULL, 0));
			error = filter ? 0 : EINVAL;
		} else if (*word == 'A') {
			uint32_t arch = seccomp_arch_resolve_name(strtok_r(NULL, " \n", &save));
			int result = arch ? seccomp_arch_add(filter, arch) : -EINVAL;
			if (result < 0 && result != -EEXIST && !error)
				error = -result;
		} else if (*word == 'R') {
			uint32_t action = strtoul(strtok_r(NULL, " \n", &save), NULL, 0);
			int call = seccomp_syscall_resolve_name(strtok_r(NULL, " \n", &save));
			unsigned count = strtoul(strtok_r(NULL, " \n", &save), NULL, 0);
			struct scmp_arg_cmp args[6];
			int result;
			if (call == __NR_SCMP_ERROR)
				continue;
			for (unsigned at = 0; at < count && at < 6; at++) {
				args[at].arg = strtoul(strtok_r(NULL, " \n", &save), NULL, 0);
				args[at].op = strtoul(strtok_r(NULL, " \n", &save), NULL, 0);
				args[at].datum_a = strtoull(strtok_r(NULL, " \n", &save), NULL, 0);
				args[at].datum_b = strtoull(strtok_r(NULL, " \n", &save), NULL, 0);
			}
			if (error)
				continue;
			result = count ? seccomp_rule_add_array(filter, action, call, count, args)
				       : seccomp_rule_add(filter, action, call, 0);
			if (result < 0)
				error = -result;
		} else if (*word == 'E') {
			if (export_to(filter, fd, error))
				return 1;
		}
	}
	return 0;
}
