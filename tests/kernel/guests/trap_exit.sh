#!/bin/sh
# A shell that gets SIGTERM while it waits, cleans up and ends by the signal.
trap 'echo cleaning; trap - TERM; kill -TERM $$' TERM
(sleep 0.1; kill -TERM $$) &
sleep 5 &
child=$!
wait $child
kill $child
echo not reached
