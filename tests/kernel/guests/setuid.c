/* A program with the set-user-id bit: whose rights it has. */
#include "guest.h"
int main(void)
{
	say("real %d, effective %d\n", getuid(), geteuid());
	return 92;
}
