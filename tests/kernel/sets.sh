# Runs programs under strace and recorded with eBPF, one after the other, for a comparison of the sets of calls
# elsewhere: sets.sh CALLSIEVE FOLDER OUT. All programs of the folder; what a runtime starts; and commands where
# engines run containers. Whoever has no PID namespace of its own may load programs before Linux 6.2 too.
callsieve=$1 programs=$2 out=$3
here=$(cd "$(dirname "$0")" && pwd)
export PATIENCE=4
cd "$(mktemp -d)" || exit
# A runtime calls the hook.
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
# No fifo can be made in a folder that another machine shares.
work=$PWD
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
outside outside-sh sh -c ': ; (mkdir made; rmdir made) | cat'
outside outside-python python3 -c 'import json'
# What a program starts and leaves ends with it.
alone='unshare --pid --fork --kill-child --mount-proc --net --ipc --'
for program in "$programs"/*; do
    name=${program##*/}
    timeout -k 1 90 strace -f -n -o "$out/$name.strace" $alone "$program" > "$out/$name.1" 2>&1 < /dev/null
    echo "status $?" >> "$out/$name.1"
    timeout -k 1 90 "$callsieve" record -q --backend ebpf -o "$out/$name.json" -- $alone "$program" > "$out/$name.2" 2>&1 < /dev/null
    echo "status $?" >> "$out/$name.2"
done
touch "$out/over"
