# Runs a command where engines run containers, recorded from outside: HOW CALLSIEVE OUT COMMAND...
how=$1 callsieve=$2 out=$3
shift 3
groups=/sys/fs/cgroup/unified
[ -e $groups/cgroup.procs ] || groups=/sys/fs/cgroup
# Numbers of processes come again in other namespaces.
id=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
group=$groups/callsieve-test-$id
scope=$group/docker-$id.scope
mkdir "$group" "$scope" || exit 99

# Waits until a command succeeds, for ten seconds at most, or so many times as long.
until_so() {
    tries=0
    until "$@" 2> /dev/null; do
        sleep 0.05
        tries=$((tries + 1))
        [ $tries -lt $((200 * ${PATIENCE:-1})) ] || give_up "$@"
    done
}
# Whoever is left would be waited for.
give_up() {
    echo "not in time: $*" >&2
    kill -KILL $recorder $container
    exit 98
}
# The recorder counts, and has looked who was there before.
counts() {
    until_so is_attached
    sleep $((5 * ${PATIENCE:-1}))e-1
}
is_attached() {
    grep -q 'tp_name:.*sys_enter' "/proc/$recorder/fdinfo/"*
}
# In the control group, and then what is told, without what a shell adds to the environment.
enters='echo $$ > "$0/cgroup.procs"; exec env -u PWD -u OLDPWD -u PATIENCE "$@"'

case $how in
all)
    "$callsieve" record -q --all -o "$out.d" 2> "$out.errors" &
    recorder=$!
    counts
    sh -c "$enters" "$scope" unshare --mount "$@"
    status=$?
    ;;
cgroup)
    "$callsieve" record -q --cgroup "$group" -o "$out" 2> "$out.errors" &
    recorder=$!
    counts
    sh -c "$enters" "$scope" "$@"
    status=$?
    ;;
container)
    mkfifo "$out.go"
    sh -c "$enters" "$scope" unshare --mount sh -c 'echo $$ > "$0.pid"; read go < "$0.go"; exec env -u PWD -u OLDPWD -u PATIENCE "$@"' "$out" "$@" &
    container=$!
    until_so [ -s "$out.pid" ]
    # An engine that knows this container.
    mkdir "$out.bin"
    cat > "$out.bin/docker" << END
#!/bin/sh
echo '[{"Id": "$id", "Name": "/test", "State": {"Status": "running", "Running": true, "Pid": $(cat "$out.pid")}}]'
END
    chmod +x "$out.bin/docker"
    PATH=$out.bin:$PATH "$callsieve" record -q --backend ebpf --container test -o "$out" 2> "$out.errors" &
    recorder=$!
    counts
    echo go > "$out.go"
    wait $container
    status=$?
    ;;
esac

until_so grep -q 'populated 0' "$group/cgroup.events"
# The one container's recorder ends with it.
[ "$how" = container ] || kill -INT $recorder
wait $recorder
rmdir "$scope" "$group"
[ "$how" != all ] || cp "$(grep -l "$id" "$out.d"/*)" "$out"
cat "$out.errors" >&2
exit $status
