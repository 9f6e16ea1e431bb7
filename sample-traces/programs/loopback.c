/*
 * Sockets over loopback, System V IPC, a thread and a child process, all through libc.
 *
 * Built for i386 the calls go through socketcall and ipc; built with musl they are direct.
 * Says one line on standard output and returns 0 when every step worked;
 * with arguments it becomes the program they name instead.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK(step) \
    do { \
        if ((step) == -1) { \
            perror(#step); \
            exit(1); \
        } \
    } while (0)

struct message {
    long kind;
    char text[8];
};

static int listener;

/* Answers two connections: the first through accept and recv, the second through accept4 and recvmsg. */
static void *serve(void *unused)
{
    char text[16];
    struct iovec part = { text, sizeof text };
    struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
    int peer;

    CHECK(peer = accept(listener, NULL, NULL));
    CHECK(recv(peer, text, sizeof text, 0));
    CHECK(send(peer, "answer", 6, 0));
    CHECK(close(peer));

    CHECK(peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC));
    CHECK(recvmsg(peer, &header, 0));
    part.iov_len = 4;
    CHECK(sendmsg(peer, &header, 0));
    CHECK(close(peer));
    return unused;
}

/* Sends one line to the listener and reads the answer. */
static void ask(const struct sockaddr_in *address)
{
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    char text[16];
    int fd;

    CHECK(fd = socket(AF_INET, SOCK_STREAM, 0));
    CHECK(connect(fd, (const struct sockaddr *)address, sizeof *address));
    CHECK(getpeername(fd, (struct sockaddr *)&peer, &length));
    CHECK(send(fd, "ask", 3, 0));
    CHECK(recv(fd, text, sizeof text, 0));
    CHECK(shutdown(fd, SHUT_RDWR));
    CHECK(close(fd));
}

static void streams(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    pthread_t server;
    int one = 1, value;

    CHECK(listener = socket(AF_INET, SOCK_STREAM, 0));
    CHECK(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one));
    CHECK(bind(listener, (struct sockaddr *)&address, sizeof address));
    CHECK(listen(listener, 2));
    CHECK(getsockname(listener, (struct sockaddr *)&address, &length));
    length = sizeof value;
    CHECK(getsockopt(listener, SOL_SOCKET, SO_TYPE, &value, &length));
    if (pthread_create(&server, NULL, serve, NULL) != 0) {
        exit(1);
    }
    ask(&address);
    ask(&address);
    pthread_join(server, NULL);
    CHECK(close(listener));
}

static void datagrams(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    char text[16];
    int fd, pair[2];

    CHECK(fd = socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address));
    CHECK(getsockname(fd, (struct sockaddr *)&address, &length));
    CHECK(sendto(fd, "open(\"x\") = 3", 13, 0, (struct sockaddr *)&address, length));
    CHECK(recvfrom(fd, text, sizeof text, 0, (struct sockaddr *)&address, &length));
    CHECK(close(fd));
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    CHECK(close(pair[0]));
    CHECK(close(pair[1]));
}

static void ipc(void)
{
    struct sembuf up = { 0, 1, 0 };
    struct timespec second = { 1, 0 };
    struct message note = { 1, "note" };
    int id;
    char *memory;

    CHECK(id = shmget(IPC_PRIVATE, 4096, 0600));
    memory = shmat(id, NULL, 0);
    memory[0] = 'x';
    CHECK(shmdt(memory));
    CHECK(shmctl(id, IPC_RMID, NULL));
    CHECK(id = semget(IPC_PRIVATE, 1, 0600));
    CHECK(semop(id, &up, 1));
    CHECK(semtimedop(id, &up, 1, &second));
    CHECK(semctl(id, 0, IPC_RMID));
    CHECK(id = msgget(IPC_PRIVATE, 0600));
    CHECK(msgsnd(id, &note, sizeof note.text, 0));
    CHECK(msgrcv(id, &note, sizeof note.text, 0, 0));
    CHECK(msgctl(id, IPC_RMID, NULL));
}

int main(int count, char **arguments)
{
    struct timespec wait = { 0, 2000000 };
    pid_t child;
    int status;

    streams();
    datagrams();
    ipc();
    CHECK(child = fork());
    if (child == 0) {
        nanosleep(&wait, NULL);
        _exit(3);
    }
    CHECK(waitpid(child, &status, 0));
    printf("done at %s\n", time(NULL) > 0 ? "some time" : "no time");
    fflush(stdout);
    if (count > 1) {
        execv(arguments[1], arguments + 1);
    }
    return WEXITSTATUS(status) == 3 ? 0 : 1;
}
