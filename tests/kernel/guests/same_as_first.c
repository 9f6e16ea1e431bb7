/* Limits, rights, processors and priorities are those of the process that started the run. */
#include "guest.h"
#include <sys/resource.h>
static char *text(const char *path)
{
	char *room = calloc(1, 16384);
	int fd = CHECK(open(path, O_RDONLY));
	CHECK(read(fd, room, 16383));
	close(fd);
	return room;
}
static char *line(const char *status, const char *name)
{
	char *start = strstr(status, name);
	return start == NULL ? strdup("") : strndup(start + 1, strcspn(start + 1, "\n"));
}
int main(void)
{
	static const char *files[] = { "limits", "oom_score_adj", "cgroup", "sessionid", "loginuid" };
	static const char *names[] = { "\nUmask:", "\nUid:", "\nGid:", "\nGroups:", "\nSigBlk:", "\nSigIgn:",
		"\nCapInh:", "\nCapPrm:", "\nCapEff:", "\nCapBnd:", "\nCapAmb:", "\nNoNewPrivs:",
		"\nCpus_allowed:", "\nMems_allowed:", "\nSpeculation_Store_Bypass:", "\nTHP_enabled:" };
	char one[64], mine[64];
	for (int i = 0; i < 5; i++) {
		snprintf(one, sizeof one, "/proc/1/%s", files[i]);
		snprintf(mine, sizeof mine, "/proc/self/%s", files[i]);
		if (strcmp(text(one), text(mine)) != 0)
			say("%s differs\n", files[i]);
	}
	char *first = text("/proc/1/status"), *own = text("/proc/self/status");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(line(first, names[i]), line(own, names[i])) != 0)
			say("%s, not %s\n", line(own, names[i]), line(first, names[i]));
	say("priority %d, policy %d\n", getpriority(PRIO_PROCESS, 0) == getpriority(PRIO_PROCESS, 1),
	    sched_getscheduler(0) == sched_getscheduler(1));
	return 121;
}
