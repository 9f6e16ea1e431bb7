# What differs between the calls that strace saw and those that were recorded, in a folder that sets.sh has filled:
# compare.sh CALLSIEVE FOLDER. For each program how many calls each saw, how it ended and what is missing, and then
# calls that strace alone (<) or the recording alone (>) has.
callsieve=$1
cd "$2" || exit
for recording in *.json; do
    name=${recording%.json}
    log=$name.strace
    case $name in outside-*) log=${name%.*}.strace ;; esac
    "$callsieve" list -q "$log" | sort -u > "$name.calls.1"
    "$callsieve" list -q "$recording" | sort -u > "$name.calls.2"
    echo "$name: $(wc -l < "$name.calls.1") $(wc -l < "$name.calls.2")" \
        "$(tail -q -n 1 "$name.1" "$name.2" 2> /dev/null | tr '\n' ' ')$(tr -d ' \n' < "$recording" | grep -o '"gaps":\[[^]]*\]')"
    diff "$name.calls.1" "$name.calls.2" | sed -n "s/^[<>]/$name: &/p"
done
