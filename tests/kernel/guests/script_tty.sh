#!/bin/sh
# An interactive shell on a terminal of script(1), with job control: stops and kills its job.
cat > commands << 'END'
set -m
sleep 30 &
job=$!
kill -STOP $job
wait $job
echo "stopped $?"
(sleep 0.2; kill $job) &
fg %1
echo "waited $?"
exit 76
END
# An end of its input would be the end of the session.
mkfifo silent
exec 3<> silent
script --quiet --return --command 'sh commands' typescript <&3 > /dev/null
status=$?
tr -d '\r' < typescript | grep -E '^(stopped|waited) '
exit $status
