/* Runs a program under a filter that logs every call and refuses none. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sock_filter log = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG);
    struct sock_fprog program = {1, &log};
    if (argc < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, &program))
        return 1;
    execv(argv[1], argv + 1);
    return 2;
}
