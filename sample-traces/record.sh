#!/bin/bash
# Records every trace of this folder again, on a Debian machine, as root:
#
#   apt-get install strace nginx-light redis-server redis-tools postgresql python3 nodejs golang-go \
#       curl openssl git gcc gcc-multilib musl-tools busybox-static zstd iproute2
#   sample-traces/record.sh [CASE...]
#
# Everything runs in namespaces of its own (network with loopback only, processes, mounts, host name),
# so ports, files and process numbers of the machine are neither used nor shown.
# The programs get an environment of two variables and an empty /srv/demo to work in.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${IN_NAMESPACE:-}" ]; then
    status=0
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/nonexistent LC_ALL=C IN_NAMESPACE=1 \
        unshare --uts --net --mount --pid --fork --mount-proc "$0" "$@" || status=$?
    exit "$status"
fi

demo=/srv/demo
clean=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/nonexistent)
# A shell starts background processes with SIGINT ignored; these must hear it.
hear=(env --default-signal=INT)

die() {
    echo "record.sh: $*" >&2
    exit 1
}

# until_true COMMAND...: waits 20 s at most.
until_true() {
    local tries
    for tries in $(seq 200); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.1
    done
    die "never true: $*"
}

# first_child PID: the process that strace with this number started.
first_child() {
    until_true grep -q . "/proc/$1/task/$1/children"
    cut -d' ' -f1 "/proc/$1/task/$1/children"
}

gone() {
    ! kill -0 "$1"
}

# finish PID: waits for a process of ours to end by itself, 60 s at most.
finish() {
    local tries
    for tries in $(seq 600); do
        if gone "$1" 2>/dev/null; then
            wait "$1" || echo "process $1 ended with $?" >&2
            return 0
        fi
        sleep 0.1
    done
    kill -KILL "$1"
    die "process $1 did not end"
}

# wants PATTERN FILE: the trace holds the line the case is made for.
wants() {
    grep -aqE -- "$1" "$2" || die "no line like '$1' in $2"
}

# begin NAME PID: starts a case; the first process number after it is about PID.
begin() {
    name=$1
    case_dir=$here/$name
    rm -rf "$case_dir" "$demo/log" "$demo/run"
    mkdir -p "$case_dir" "$demo/log" "$demo/run"
    cd "$demo/run"
    echo "$2" >/proc/sys/kernel/ns_last_pid
    echo "== $name" >&2
}

# keep FILE KIND: stores a trace as gz, zst or plain (kind '').
keep() {
    local target=$case_dir/${3:-trace.strace}
    if grep -aqF -- "$here" "$1"; then die "$1 shows where this script is"; fi
    mkdir -p "$(dirname "$target")"
    case $2 in
        gz) gzip -n -9 <"$1" >"$target.gz" ;;
        zst) zstd -q -19 -f "$1" -o "$target.zst" ;;
        '') cp "$1" "$target" ;;
    esac
}

# describe TITLE PACKAGES COMMAND: writes the README; what is peculiar comes on standard input.
describe() {
    local package
    {
        printf '# %s\n\n%s\n\n' "$name: $1" "$(cat)"
        printf '| recorded with | |\n| --- | --- |\n'
        printf '| command | `%s` |\n' "${3//|/\\|}"
        for package in $2 strace; do
            printf '| %s | %s |\n' "$package" "$(dpkg-query -W -f '${Version}' "$package")"
        done
        printf '| kernel | %s |\n| architecture | %s |\n| date | %s |\n\n' "$(uname -sr)" "$(uname -m)" "$(date -u +%F)"
        printf 'Licence: recorded for this project, under the same licence (MIT OR Apache-2.0).\n'
    } >"$case_dir/README.md"
}

exec </dev/null
hostname demo
ip link set lo up
mount -t tmpfs -o mode=755 demo /srv
mkdir -p "$demo"
# Host names, /usr/local and Python modules as on a fresh installation, whatever the machine has.
printf '127.0.0.1 localhost\n' >/srv/hosts
mount --bind /srv/hosts /etc/hosts
mount -t tmpfs demo /usr/lib/python3/dist-packages
mount -t tmpfs demo /usr/local
cp -r "$here/programs" "$demo/src"

for part in "$here"/record.d/*.sh; do
    # shellcheck source=/dev/null
    . "$part"
done
if [ $# -eq 0 ]; then
    set -- $(sed -n 's/^record_\([a-z0-9_]*\)() {$/\1/p' "$here"/record.d/*.sh | tr _ -)
fi
for wanted in "$@"; do
    "record_${wanted//-/_}"
done
/usr/bin/python3 -I -S "$here/expected.py"
