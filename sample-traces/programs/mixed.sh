# Output of the program itself, with and without line ends, between the lines of the trace.
printf 'no newline at end'
echo ' and now one'
(echo 'from a child'; printf 'half a ') &
echo 'from the parent' >&2
wait
printf 'line\n'
ls /srv/demo/absent
printf 'two lines:\na(b) = 0 is no call, nor is %s\n' '[pid 7] this'
printf 'last words'
