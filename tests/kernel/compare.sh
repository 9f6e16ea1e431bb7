# What differs between the calls that strace saw and those that were recorded where engines run containers, in a folder
# that sets.sh has filled: compare.sh CALLSIEVE FOLDER. For each recording how many calls each saw, how it ended and what
# is missing, and then calls that strace alone (<) or the recording alone (>) has.
callsieve=$1
cd "$2" || exit
for recording in outside-*.json; do
    name=${recording%.json}
    "$callsieve" list -q "${name%.*}.strace" | sort -u > "$name.calls.1"
    "$callsieve" list -q "$recording" | sort -u > "$name.calls.2"
    echo "$name: $(wc -l < "$name.calls.1") $(wc -l < "$name.calls.2")" \
        "$(tail -q -n 1 "$name.2" 2> /dev/null | tr '\n' ' ')$(tr -d ' \n' < "$recording" | grep -o '"gaps":\[[^]]*\]')"
    diff "$name.calls.1" "$name.calls.2" | sed -n "s/^[<>]/$name: &/p"
done
