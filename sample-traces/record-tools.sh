#!/bin/bash
# Records the logs of other tools than strace again, on a Debian machine, as root, alone on it:
#
#   apt-get install strace linux-perf bpftrace auditd qemu-user-static runsc gcc gcc-multilib
#       and, on another machine, gcc-aarch64-linux-gnu (it and gcc-multilib exclude each other)
#   sample-traces/record-tools.sh
#
# It turns tracing and auditing of the kernel on and off, so nothing else may use them meanwhile.
# What a tool can't do here keeps the log that is there.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
work=/srv/demo
mkdir -p "$work"
cd "$work" || exit 1

gcc -O1 -o calls "$here/programs/calls.c" || exit 1
gcc -O1 -m32 -o calls32 "$here/programs/calls.c" || exit 1
gcc -O1 -o under-log "$here/programs/under-log.c" || exit 1

# kept CASE FILE: a log becomes a sample.
kept() {
    mkdir -p "$here/$1"
    cp "$2" "$here/$1/trace.txt"
    echo "$1: $(wc -l <"$2") lines"
}

perf trace -o log ./calls >/dev/null && kept perf-trace/calls log
perf trace -o log ./calls32 >/dev/null && kept perf-trace/i386 log
perf trace -s -o log ./calls >/dev/null && kept perf-trace/table log
perf record -q -o data -e 'raw_syscalls:*' ./calls >/dev/null && perf script -i data >log && kept perf-script/by-number log
perf record -q -o data -e 'raw_syscalls:*' ./calls32 >/dev/null && perf script -i data >log && kept perf-script/i386 log
perf record -q -o data -e 'syscalls:*' ./calls >/dev/null && perf script -i data >log && kept perf-script/by-name log
perf stat -o log -e 'syscalls:sys_enter_*' ./calls >/dev/null && grep -v ' 0  ' log >log2 && kept perf-script/stat log2

# With -o, so that what the program prints does not stand between the lines.
enter='tracepoint:raw_syscalls:sys_enter /comm == "calls"/'
bpftrace -o log -e "$enter { @[args->id] = count(); }" -c ./calls >/dev/null && kept bpftrace/by-number log
bpftrace -o log -e "$enter { @calls[comm, args->id] = count(); }" -c ./calls >/dev/null && kept bpftrace/by-program log
bpftrace -o log -f json -e "$enter { @[args->id] = count(); }" -c ./calls >/dev/null && kept bpftrace/json log
bpftrace -o log -e 'tracepoint:syscalls:sys_enter_* /comm == "calls"/ { @[probe] = count(); }' -c ./calls >/dev/null &&
    kept bpftrace/by-probe log

tracing=/sys/kernel/tracing
mountpoint -q "$tracing" || mount -t tracefs none "$tracing"
# ftrace PROGRAM CASE: the kernel's own trace of a program.
ftrace() {
    echo 0 >"$tracing/tracing_on"
    echo >"$tracing/trace"
    echo 1 >"$tracing/options/event-fork"
    echo 1 >"$tracing/events/raw_syscalls/enable"
    sh -c "echo \$\$ >$tracing/set_event_pid; echo 1 >$tracing/tracing_on; exec $1" >/dev/null
    echo 0 >"$tracing/tracing_on"
    echo 0 >"$tracing/events/raw_syscalls/enable"
    echo >"$tracing/set_event_pid"
    cat "$tracing/trace" >log
    kept "$2" log
}
ftrace ./calls ftrace/by-number
ftrace ./calls32 ftrace/i386

# audited FORMAT: records of a few programs in auditd's format of that name.
audited() {
    rm -rf conf && mkdir conf
    sed -e "s/^log_format.*/log_format = $1/" -e "s,^log_file.*,log_file = $work/audit.log," \
        /etc/audit/auditd.conf >conf/auditd.conf
    cp -r /etc/audit/rules.d /etc/audit/plugins.d conf/ 2>/dev/null
    rm -f audit.log
    auditd -n -c "$work/conf" >/dev/null 2>&1 &
    auditor=$!
    sleep 2
    auditctl -e 1 >/dev/null
    auditctl -b 8192 >/dev/null
    ./under-log ./calls >/dev/null
    ./under-log ./calls32 >/dev/null
    autrace ./calls >/dev/null
    autrace ./calls32 >/dev/null
    sleep 1
    auditctl -D >/dev/null
    auditctl -e 0 >/dev/null
    kill "$auditor"
    wait "$auditor" 2>/dev/null
    # Of the machine, only what these programs did.
    grep -E 'type=(SECCOMP|SYSCALL|SOCKETCALL|EXECVE|CWD)' audit.log | grep -v auditctl >log
}
audited RAW && kept audit/raw log
audited ENRICHED && kept audit/enriched log
ausearch -if audit.log -i 2>/dev/null | grep -v auditctl >log && kept audit/interpreted log
# Without auditd the records go to the kernel's log, which drops most.
before=$(dmesg | wc -l)
auditctl -e 1 >/dev/null
./under-log ./calls >/dev/null
auditctl -e 0 >/dev/null
dmesg | tail -n +"$((before + 1))" | grep audit >log && kept audit/dmesg log

# sandboxed FORMAT: gVisor's log of a shell and two programs; of its messages, those until the program's own begin.
sandboxed() {
    rm -rf gvisor && mkdir gvisor
    env -i PATH=/usr/bin:/bin "$(command -v runsc)" --network=none --strace --debug --debug-log="$work/gvisor/" --debug-log-format="$1" \
        --ignore-cgroups --platform=ptrace do sh -c './calls; exec ./calls' >/dev/null &&
        awk 'NR < 80 || /strace.go|"msg":"\[ *[0-9]+: *[0-9]+\] [^ ]+ [EX] /' gvisor/*boot* >log
}
sandboxed text && kept gvisor/calls log
sandboxed json && kept gvisor/calls-json log
qemu-x86_64-static -strace ./calls 2>log >/dev/null && kept qemu/x86_64 log
# CALLS_AARCH64 is `calls` built elsewhere: aarch64-linux-gnu-gcc -O1 -static.
if [ -x "${CALLS_AARCH64:-}" ]; then
    qemu-aarch64-static -strace "$CALLS_AARCH64" 2>log >/dev/null && kept qemu/aarch64 log
fi
rm -rf "$work"
