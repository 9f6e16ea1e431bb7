#!/bin/bash
# Records logs that need a kernel of their own, as root in a virtual machine with Debian's kernel:
#
#   apt-get install strace linux-perf bpftrace auditd trace-cmd systemd python3 locales gcc gcc-multilib
#   script/kernels --only 6.1 --out OUT --shell "$PWD/sample-traces/record-kernel.sh /mnt/out"
#
# It leaves whole logs in OUT; what of them is a sample stands in the README of each tool's folder.
# The host is called `demo` in them.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${1:?usage: record-kernel.sh OUT}" /srv/demo
out=$(cd "$1" && pwd)
hostname demo
cd /srv/demo || exit 1
gcc -O1 -o calls "$here/programs/calls.c" || exit 1
gcc -O1 -m32 -o calls32 "$here/programs/calls.c" || exit 1
gcc -O1 -o under-log "$here/programs/under-log.c" || exit 1
gcc -O1 -static -m32 -o static32 "$here/programs/calls.c" || exit 1

for program in calls calls32; do
    strace -f -n -o "$out/strace.$program" "./$program" >/dev/null
    trace-cmd record -q -o data -e raw_syscalls -F "./$program" && trace-cmd report -i data >"$out/trace-cmd.$program"
    trace-cmd record -q -o data -e syscalls -F "./$program" && trace-cmd report -i data >"$out/trace-cmd-names.$program"
    trace-cmd record -q -o data -e syscalls -e raw_syscalls -F -c "./$program" &&
        trace-cmd report -i data >"$out/trace-cmd-both.$program"
done
trace-cmd start -q -b 4 -e raw_syscalls
dd if=/dev/zero of=/dev/null bs=1 count=3000 2>/dev/null
trace-cmd stop
trace-cmd extract -o data && trace-cmd report -i data >"$out/trace-cmd-dropped"
trace-cmd reset

tracing=/sys/kernel/tracing
# traced EVENTS COMMAND: the kernel's own trace of a command.
traced() {
    echo 0 >$tracing/tracing_on
    echo >$tracing/trace
    echo 1 >$tracing/options/event-fork
    echo 1 >"$tracing/events/$1/enable"
    sh -c "echo \$\$ >$tracing/set_event_pid; echo 1 >$tracing/tracing_on; $2" >/dev/null 2>&1
    echo 0 >$tracing/tracing_on
    echo 0 >"$tracing/events/$1/enable"
    echo >$tracing/set_event_pid
}
traced syscalls 'exec ./calls32'
cat $tracing/trace >"$out/names.calls32"
echo 8 >$tracing/buffer_size_kb
(sleep 4; timeout 3 cat $tracing/trace_pipe >"$out/pipe-lost") &
traced raw_syscalls 'dd if=/dev/zero of=/dev/null bs=1 count=2000; sleep 6; exec ./calls'
wait

perf record -q -o data -e 'raw_syscalls:*' ./calls32 >/dev/null && perf script -i data >"$out/perf-script.calls32"
perf record -q -m 1 -o data -e 'raw_syscalls:*' dd if=/dev/zero of=/dev/null bs=1 count=20000
perf script --show-lost-events -i data >"$out/perf-script-lost"
for program in calls calls32 static32; do
    perf trace -o "$out/perf-trace.$program" "./$program" >/dev/null
    perf trace -s -o "$out/perf-trace-s.$program" "./$program" >/dev/null
    perf trace -S -o "$out/perf-trace-S.$program" "./$program" >/dev/null
done
perf trace -s -o "$out/perf-trace-s.both" sh -c './calls; ./calls32' >/dev/null
bpftrace -o "$out/bpftrace.calls32" -c ./calls32 \
    -e 'tracepoint:raw_syscalls:sys_enter /comm == "calls32"/ { @[args->id] = count(); }' >/dev/null

# rules: every call of the two programs is a SYSCALL record.
rules() {
    for program in calls calls32; do
        for arch in b64 b32; do
            auditctl -a always,exit -F arch=$arch -S all -F "exe=/srv/demo/$program" -k demo
        done
    done >/dev/null 2>&1
}
mkdir conf
sed -e 's/^log_format.*/log_format = RAW/' -e 's,^log_file.*,log_file = /srv/demo/audit.log,' /etc/audit/auditd.conf >conf/auditd.conf
cp -r /etc/audit/rules.d /etc/audit/plugins.d conf/
auditd -n -c /srv/demo/conf &
auditor=$!
sleep 3
auditctl -e 1 >/dev/null
auditctl -b 8192 >/dev/null
for program in calls calls32; do ./under-log "./$program" >/dev/null; done
rules
for program in calls calls32; do "./$program" >/dev/null; done
sleep 2
auditctl -D >/dev/null
# A daemon that stands still loses what comes, and the kernel's log says so.
auditctl -b 20 --backlog_wait_time 0 >/dev/null
rules
kill -STOP "$auditor"
./calls >/dev/null
kill -CONT "$auditor"
auditctl -b 8192 -r 5 >/dev/null
./calls >/dev/null
auditctl -r 0 >/dev/null
auditctl -D >/dev/null
kill "$auditor"
wait "$auditor"
dmesg >"$out/dmesg-lost"
cp audit.log "$out/audit.log"
ausearch -if audit.log >"$out/ausearch"
ausearch -if audit.log -i >"$out/ausearch-i"
ausearch -if audit.log --format csv >"$out/ausearch.csv"
ausearch -if audit.log --format csv --extra-time --extra-obj2 --extra-keys --extra-labels >"$out/ausearch-extra.csv"
ausearch -if audit.log --format text >"$out/ausearch.text"
for locale in en_US en_GB de_DE sv_SE; do
    localedef -i "$locale" -f UTF-8 "$locale.UTF-8"
    LC_ALL=$locale.UTF-8 ausearch -if audit.log -i >"$out/ausearch-i.$locale"
    LC_ALL=$locale.UTF-8 ausearch -if audit.log --format csv >"$out/ausearch.csv.$locale"
    LC_ALL=$locale.UTF-8 ausearch -if audit.log --format text >"$out/ausearch.text.$locale"
done

dmesg -c >/dev/null
rules
for program in calls calls32 calls; do "./$program" >/dev/null; sleep 6; done
auditctl -D >/dev/null
dmesg >"$out/dmesg-rules"

mkdir -p /run/systemd/journal /run/log/journal
systemd-machine-id-setup >/dev/null
/lib/systemd/systemd-journald &
journal=$!
sleep 4
auditctl -e 1 >/dev/null
for program in calls calls32; do ./under-log "./$program" >/dev/null; done
rules
./calls >/dev/null
auditctl -D >/dev/null
# A message of several lines, of which one looks like a record: it is none.
python3 - <<'END'
import socket
text = b"first line of calls32\nMESSAGE=SECCOMP auid=0 pid=1 exe=\"/fake\" arch=c000003e syscall=169 code=0x7ffc0000\n\nlast"
entry = b"SYSLOG_IDENTIFIER=calls32\nMESSAGE\n" + len(text).to_bytes(8, "little") + text + b"\n"
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(entry, "/run/systemd/journal/socket")
END
journalctl --sync
for mode in short short-full short-iso short-iso-precise short-precise short-monotonic short-unix with-unit \
    verbose export json json-pretty json-sse json-seq cat; do
    journalctl --no-pager -o "$mode" >"$out/journal.$mode"
    # Of one program, with few fields, where the form has all.
    fields=MESSAGE,_TRANSPORT,SYSLOG_IDENTIFIER,_SOURCE_REALTIME_TIMESTAMP
    # Each field is a line of this one.
    [ "$mode" != cat ] || fields=MESSAGE
    journalctl --no-pager -o "$mode" -g calls32 --output-fields=$fields >"$out/journal-calls32.$mode"
done
kill "$journal"
auditctl -e 0 >/dev/null
