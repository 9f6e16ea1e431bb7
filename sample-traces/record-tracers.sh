#!/bin/bash
# Records logs of tracers that have kernel modules of their own, as root in a virtual machine:
#
#   apt-get install sysdig falcosecurity-scap-dkms lttng-tools lttng-modules-dkms babeltrace babeltrace2 gcc gcc-multilib
#   script/kernels --only 6.1 --out OUT --shell "$PWD/sample-traces/record-tracers.sh /mnt/out"
#
# The modules have to be there for the kernel of the machine, which dkms sees to if its headers are installed.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${1:?usage: record-tracers.sh OUT}" /srv/demo
out=$(cd "$1" && pwd)
hostname demo
cd /srv/demo || exit 1
# It stands in the logs.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
gcc -O1 -o calls "$here/programs/calls.c" || exit 1
gcc -O1 -m32 -o calls32 "$here/programs/calls.c" || exit 1

# A shell starts a program, and executes another in the end.
programs() { sh -c './calls; exec ./calls' >/dev/null; }

# The form of its time is chosen with -t: of the day, since the begin, since the last event.
modprobe scap
for time in a r D; do
    sysdig -t $time 'proc.name contains calls or proc.name = sh' >"$out/sysdig.$time" &
    tracer=$!
    sleep 5
    programs
    ./calls32 >/dev/null
    sleep 2
    kill -INT $tracer
    wait $tracer
done

# What the package and the start of the machine make.
mkdir -p /run/lttng
getent group tracing >/dev/null || groupadd -r tracing
lttng-sessiond >/dev/null 2>&1 &
sleep 10
lttng create demo --output=/srv/demo/ctf
lttng enable-event --kernel --syscall --all
lttng add-context --kernel --type vtid --type procname
lttng start
programs
./calls32 >/dev/null
lttng stop
lttng destroy demo
for reader in babeltrace babeltrace2; do
    $reader ctf | grep -E 'procname = "(calls|calls32|sh)"' >"$out/$reader"
    $reader --clock-date ctf | grep -E 'procname = "(calls|calls32|sh)"' >"$out/$reader.date"
    $reader --clock-seconds ctf | grep -E 'procname = "(calls|calls32|sh)"' >"$out/$reader.seconds"
done
# Without contexts, only the processor tells which end is of which begin.
lttng create bare --output=/srv/demo/bare
lttng enable-event --kernel --syscall --all
lttng start
programs
lttng stop
lttng destroy bare
babeltrace bare >"$out/babeltrace.bare"
