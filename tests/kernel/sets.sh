# Runs programs under strace and recorded with eBPF, one after the other, for a comparison of the sets of calls
# elsewhere: sets.sh CALLSIEVE PROGRAMS OUT [PART ...]. The parts are `hook`, where runc calls the hook; `outside`,
# commands where engines run containers; and the guests of PROGRAMS, by name: all of it, unless some are named. With
# RESULTS=1 guests are also recorded with results. Whoever has no PID namespace of its own may load programs before
# Linux 6.2 too. script/sets makes the guests and compares.
programs=$2 out=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
chmod 755 "$work"
cp "$1" "$work/callsieve"
callsieve=$work/callsieve
shift 3
[ $# -gt 0 ] || set -- hook outside $(ls "$programs")
export PATIENCE=4
cd "$work" || exit

# A runtime calls the hook.
hook() {
    mkdir -p bundle/rootfs/bin "$out/hook"
    cp "$(command -v busybox)" bundle/rootfs/bin/
    (cd bundle && runc spec && sed -i 's/"terminal": true/"terminal": false/; s/"readonly": true/"readonly": false/
        s|"sh"$|"/bin/busybox", "sh", "-c", "/bin/busybox mkdir /made; echo made"|
        s|^\t"hostname"|\t"hooks": {"createRuntime": [{"path": "'"$callsieve"'", "args": ["callsieve", "record", "--oci-hook", "-o", "'"$out/hook"'"]}]},\n&|' config.json)
    timeout -k 1 200 runc run --bundle bundle "sets$$" > "$out/hook.2" 2>&1 < /dev/null
    echo "status $?" >> "$out/hook.2"
    tries=0
    until grep -q mkdir "$out"/hook/*.rec.json 2> /dev/null && ! grep -q '"detached"' "$out"/hook/*.rec.json; do
        sleep 0.5
        tries=$((tries + 1))
        [ $tries -lt 60 ] || break
    done
    cat "$out/hook/hook.log" >> "$out/hook.2" 2> /dev/null
}

# No fifo can be made in a folder that another machine shares.
outside() {
    name=$1
    shift
    strace -f -n -o "$out/$name.strace" "$@" > /dev/null 2>&1
    for how in all cgroup container; do
        timeout -k 1 200 sh "$here/outside.sh" $how "$callsieve" "$work/$name.$how.json" "$@" > "$out/$name.$how.2" 2>&1
        echo "status $?" >> "$out/$name.$how.2"
        cp "$work/$name.$how.json" "$out/"
    done
}

# One way of running what a guest is: NAME KIND COMMAND...
one() {
    file=$1.$2
    shift 2
    mkdir -m 1777 scratch
    (cd scratch && exec timeout -k 1 ${LIMIT:-300} env -i LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@" "${words[@]}") \
        > 1 2> 2 < /dev/null
    echo $? > "$out/$file.status"
    mv 1 "$out/$file.1"
    mv 2 "$out/$file.2"
    # A folder that was left mounted is none of ours.
    rm -rf --one-file-system scratch
}
# What it starts and leaves ends with it. Of strace's log it is clear who called only where strace has the numbers that
# the guest sees.
alone=(unshare --pid --fork --kill-child --mount-proc --net --ipc -- "$work/guest/init")
guest() {
    cp -r "$programs/$1" guest
    mapfile -t words < guest/words
    words[0]=$work/guest/${words[0]}
    one "$1" strace "${alone[@]}" strace -f -n -o "$out/$1.strace" --
    one "$1" json "$callsieve" record -q --backend ebpf -o "$out/$1.json" -- "${alone[@]}"
    [ -z "$RESULTS" ] || one "$1" results "$callsieve" record -q --backend ebpf --results -o "$out/$1.results" -- "${alone[@]}"
    rm -r guest
}

for part in "$@"; do
    echo "$(cut -d ' ' -f 1 /proc/uptime) $part"
    case $part in
        hook) hook ;;
        outside)
            outside outside-sh sh -c ': ; (mkdir made; rmdir made) | cat'
            outside outside-python python3 -c 'import json'
            ;;
        *) guest "$part" ;;
    esac
done
touch "$out/over"
