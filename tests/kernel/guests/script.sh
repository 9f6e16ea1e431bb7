#!/bin/sh
# A shell script: pipes, a substitution, a background job, a trap, a subshell's status.
trap 'echo trapped' USR1
kill -USR1 $$
echo one two three | tr ' ' '\n' | sort -r | head -n 1
(exit 7) || echo "subshell $?"
sleep 0.01 & wait $!
echo "$(echo nested $(echo deeper))"
exec sh -c 'exit 39'
