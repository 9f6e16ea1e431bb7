// Tells which of some eBPF programs, by their numbers, are still there.
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        union bpf_attr ask;
        memset(&ask, 0, sizeof ask);
        ask.prog_id = atoi(argv[i]);
        if (syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &ask, sizeof ask) >= 0 || errno != ENOENT)
            puts(argv[i]);
    }
    return 0;
}
