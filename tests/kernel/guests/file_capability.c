/* A program with a file capability: CAP_NET_BIND_SERVICE. */
#include "guest.h"
#include <linux/capability.h>
int main(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	CHECK(syscall(SYS_capget, &header, data));
	say("capability %d\n", (data[0].effective >> CAP_NET_BIND_SERVICE & 1) != 0);
	return 93;
}
