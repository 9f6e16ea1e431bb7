#!/bin/sh
# Starts redis, works with it, lets it save from a forked child, and stops it.
set -eu
redis-server --bind 127.0.0.1 --port 6379 --dir /tmp --save '' --appendonly yes \
	--io-threads 2 --logfile /tmp/redis.log &
server=$!
tries=0
until [ "$(redis-cli ping 2> /dev/null)" = PONG ]; do
	tries=$((tries + 1))
	[ $tries -lt 150 ] || { cat /tmp/redis.log; exit 1; }
	sleep 0.1
done
redis-cli set colour green
redis-cli get colour
redis-cli incrby count 41
redis-cli incr count
redis-cli lpush list a b c
redis-cli eval 'return redis.call("llen", KEYS[1])' 1 list
redis-cli bgsave
# An end of the child that is not yet seen would make the shutdown another one.
until redis-cli info persistence | grep -q rdb_bgsave_in_progress:0; do
	tries=$((tries + 1))
	[ $tries -lt 300 ] || { cat /tmp/redis.log; exit 1; }
	sleep 0.1
done
[ -s /tmp/dump.rdb ] && echo "saved"
redis-cli flushall async
# The shell waits asleep whoever is faster, so that its sigsuspend is always in the trace.
(sleep 0.3; redis-cli shutdown nosave) &
wait $server
echo "stopped"
