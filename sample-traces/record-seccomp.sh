#!/bin/bash
# Records what the kernel's audit has of calls under Docker's default profile, as root in a virtual machine
# with Debian's kernel:
#
#   apt-get install auditd runc libseccomp2 python3 gcc gcc-multilib
#   script/kernels --only 6.1 --out OUT --shell "$PWD/sample-traces/record-seccomp.sh /mnt/out"
#
# It leaves whole logs in OUT; what of them is a sample stands in audit/README.md.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${1:?usage: record-seccomp.sh OUT}" /srv/demo
out=$(cd "$1" && pwd)
hostname demo
cd /srv/demo || exit 1
gcc -O1 -static -o refused "$here/programs/refused.c" || exit 1
gcc -O1 -static -m32 -o refused32 "$here/programs/refused.c" || exit 1
mkdir -p /sys/fs/cgroup/devices
mountpoint -q /sys/fs/cgroup/devices || mount -t cgroup -o devices devices /sys/fs/cgroup/devices

# contained PROFILE PROGRAM: runs it with runc under a profile.
contained() {
    rm -rf bundle && mkdir -p bundle/rootfs/proc bundle/rootfs/dev
    cp refused refused32 bundle/rootfs/
    (cd bundle && runc spec && python3 - "$1" "$2" <<'END'
import json
import sys
with open("config.json") as file:
    spec = json.load(file)
spec["process"].update(terminal=False, args=[f"/{sys.argv[2]}"], noNewPrivileges=False)
with open(sys.argv[1]) as file:
    spec["linux"]["seccomp"] = json.load(file)
with open("config.json", "w") as file:
    json.dump(spec, file)
END
    )
    runc run -b bundle demo </dev/null
}

# What Docker gives to runc, and the same with the calls that it refuses let through and logged, or killed for.
docker=$here/programs/docker-20.10-seccomp.json
sed 's/"defaultAction":"[A-Z_]*"/"defaultAction":"SCMP_ACT_LOG"/' "$docker" >log.json
sed 's/"defaultAction":"[A-Z_]*"/"defaultAction":"SCMP_ACT_KILL_PROCESS"/' "$docker" >kill.json

for form in RAW ENRICHED; do
    rm -rf conf audit.log && mkdir conf
    sed -e "s/^log_format.*/log_format = $form/" -e 's,^log_file.*,log_file = /srv/demo/audit.log,' /etc/audit/auditd.conf >conf/auditd.conf
    cp -r /etc/audit/rules.d /etc/audit/plugins.d conf/
    auditd -n -c /srv/demo/conf &
    auditor=$!
    sleep 3
    auditctl -e 1 >/dev/null
    auditctl -b 8192 >/dev/null
    for program in refused refused32; do
        # Between those of one way and of the next, a record that names it.
        auditctl -m "docker $program"
        contained "$docker" "$program"
        auditctl -m "log $program"
        contained "$PWD/log.json" "$program"
        auditctl -m "kill $program"
        contained "$PWD/kill.json" "$program"
        # As a runtime that knows SECCOMP_FILTER_FLAG_LOG loads it, which this runc does not.
        auditctl -m "flag-log $program"
        unshare --mount --pid --fork python3 "$here/programs/under-profile.py" "$docker" "./$program"
    done
    sleep 2
    kill "$auditor"
    wait "$auditor"
    cp audit.log "$out/audit-docker.$form"
    ausearch -if audit.log -i >"$out/audit-docker.$form-i"
    ausearch -if audit.log --format csv >"$out/audit-docker.$form-csv"
done
