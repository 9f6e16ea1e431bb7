#!/bin/sh
# redis: values, a script, threads for input and output, BGSAVE by a forked child, an orderly end.
set -eu
redis-server --bind 127.0.0.1 --port 6379 --dir . --save '' --appendonly yes --io-threads 2 \
	--logfile redis.log &
server=$!
until [ "$(redis-cli ping 2> /dev/null)" = PONG ]; do sleep 0.1; done
redis-cli set colour green
redis-cli get colour
redis-cli eval 'return redis.call("incrby", KEYS[1], 42)' 1 count
redis-cli bgsave
until redis-cli info persistence | grep -q rdb_bgsave_in_progress:0; do sleep 0.1; done
[ -s dump.rdb ] && echo saved
redis-cli flushall async
# The shell waits asleep whoever is faster, so that its sigsuspend is always seen.
(sleep 0.3; redis-cli shutdown nosave) &
wait $server
echo stopped
