/* A 64-bit process that makes some calls through the 32-bit gate: the numbers are those of i386. */
#include <fcntl.h>
#include <unistd.h>

static long gate(long number, long first, long second)
{
    long result;

    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second) : "memory", "r8", "r9", "r10", "r11");
    return result;
}

int main(void)
{
    long process = gate(20, 0, 0);     /* getpid, in the 64-bit table writev */

    gate(5, 0, O_RDONLY);              /* open of no name, in the 64-bit table fstat */
    gate(199, 0, 0);                   /* getuid32, in the 64-bit table fremovexattr */
    return process == getpid() ? 0 : 1;
}
