/* A thread that is not the first of its process replaces the program. */
#include <pthread.h>
#include <unistd.h>

static void *replace(void *unused)
{
    execl("/bin/true", "true", "a(b) = 0", "+++ exited with 9 +++", (char *)NULL);
    return unused;
}

int main(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, replace, NULL) != 0) {
        return 1;
    }
    pthread_join(thread, NULL);
    return 1;
}
