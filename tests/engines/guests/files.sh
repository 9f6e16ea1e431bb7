#!/bin/sh
# Files, pipes, dates, subprocesses, signals: what the entrypoint script of an image does.
set -eu
cd /tmp
rm -rf work
mkdir -p work/sub
cd work
printf 'pear\napple\nfig\napple\n' > list
sort list | uniq -c | awk '{ print $2, $1 }'
ln -s list link
ln list twin
[ "$(readlink link)" = list ] && [ list -ef twin ] && echo "links"
chmod 600 list
stat -c '%a %s' list
mv twin sub/moved
cp -p list sub/copy
find . -type f | sort | tr '\n' ' '
echo
tar -cf - sub | gzip -c | gunzip -c | tar -tf - | wc -l | tr -d ' '
md5sum < list
date -u -d @0 '+%Y-%m-%d %H:%M:%S'
mkfifo pipe
echo "through a fifo" > pipe &
cat pipe
wait
(exit 7) || echo "status $?"
trap 'echo "caught"' USR1
kill -USR1 $$
# The shell waits asleep here, whoever is faster: its sigsuspend is always in the trace.
sleep 0.5 &
wait
(sleep 0.5; exit 3) &
wait $! || echo "status $?"
dd if=/dev/zero of=big bs=64k count=16 2> /dev/null
truncate -s 100 big
wc -c < big | tr -d ' '
cd /
rm -r /tmp/work
[ -e /tmp/work ] || echo "done"
