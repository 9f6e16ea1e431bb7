/*
 * Makes the same kinds of calls each time: a thread, a child that executes this program again,
 * calls that fail, a signal with a handler, and names and output that look like strace's own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_signal(int number)
{
    (void)number;
}

static void *thread(void *unused)
{
    (void)unused;
    syscall(SYS_gettid);
    syscall(SYS_sched_yield);
    return NULL;
}

int main(int argc, char **argv)
{
    static const char name[] = "/tmp/no such (file) = 3";
    static const char text[] = "a(b) = 0\n+++ \"quoted\\\" <x> +++\n) = -1 ENOENT (x) and no end";
    static uint32_t word = 1;
    struct sigaction action = { .sa_handler = on_signal };
    struct stat status;
    pthread_t other;
    int pair[2];
    pid_t child;

    if (argc > 1) {
        syscall(SYS_getuid);
        return 3;
    }
    (void)!open(name, O_RDONLY);
    (void)!mkdir("/proc/no", 0700);
    (void)!stat(name, &status);
    (void)!write(2, text, sizeof text - 1);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0) {
        (void)!write(pair[0], text, sizeof text - 1);
        close(pair[0]);
    }
    sigaction(SIGUSR1, &action, NULL);
    kill(getpid(), SIGUSR1);
    syscall(SYS_futex, &word, FUTEX_WAIT, 2, NULL);
    syscall(5000, 1, 2, 3);
    if (pthread_create(&other, NULL, thread, NULL) == 0)
        pthread_join(other, NULL);
    child = fork();
    if (child == 0) {
        execl("/proc/no/such", "(", ") = 0", "<... read resumed>", (char *)NULL);
        execl(argv[0], argv[0], ") = 0", (char *)NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
    return 0;
}
