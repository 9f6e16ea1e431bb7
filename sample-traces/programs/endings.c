/*
 * Ways in which a call does not end as usual.
 *
 * Children that are killed or refused by a seccomp filter, a number that no table knows,
 * a process killed in pause(), and a sleep that is stopped and continued.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Answers getppid with `action`, allows all else. */
static void refuse_getppid(unsigned int action)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof code / sizeof code[0], code };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("prctl");
        _exit(1);
    }
}

/* Forks a child that calls getppid under a filter; returns its wait status. */
static int refused(unsigned int action)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        refuse_getppid(action);
        syscall(SYS_getppid);
        _exit(0);
    }
    waitpid(child, &status, 0);
    return status;
}

static void pause_millis(long millis)
{
    struct timespec wait = { 0, millis * 1000000 };

    nanosleep(&wait, NULL);
}

int main(void)
{
    int status;
    pid_t child;

    if (!WIFSIGNALED(refused(SECCOMP_RET_KILL_PROCESS)) || !WIFSIGNALED(refused(SECCOMP_RET_TRAP)) ||
        WEXITSTATUS(refused(SECCOMP_RET_ERRNO | EPERM)) != 0) {
        return 1;
    }
    syscall(9999, 1, 2, 3);

    child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    pause_millis(100);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);

    child = fork();
    if (child == 0) {
        pause_millis(600);
        _exit(0);
    }
    pause_millis(200);
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    pause_millis(50);
    kill(child, SIGCONT);
    waitpid(child, &status, 0);
    return 0;
}
