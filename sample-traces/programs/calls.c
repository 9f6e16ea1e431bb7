/* A few calls of each kind: some succeed, some fail, one process ends another. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    char text[64];
    int file = open("/etc/hostname", O_RDONLY);
    if (read(file, text, sizeof text) < 0)
        return 1;
    close(file);
    if (open("/nonexistent", O_RDONLY) >= 0)
        return 2;
    close(socket(AF_INET, SOCK_STREAM, 0));
    pid_t child = fork();
    if (child == 0) {
        getppid();
        _exit(3);
    }
    int status;
    waitpid(child, &status, 0);
    return write(1, "done\n", 5) == 5 ? 0 : 4;
}
