#!/bin/sh
# PostgreSQL: initdb, a server, pgbench with two clients, an orderly end.
set -eu
bin=$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb | tail -n 1)")
"$bin/initdb" -D data -A trust --no-sync > initdb.log
"$bin/postgres" -D data -k "$PWD" -h 127.0.0.1 -p 5433 -c shared_buffers=1MB -c fsync=off \
	2> postgres.log &
server=$!
export PGHOST=127.0.0.1 PGPORT=5433 PGUSER=postgres
until "$bin/psql" -c 'select 1' postgres > /dev/null 2>&1; do sleep 0.1; done
"$bin/pgbench" -q -i -s 1 postgres 2> /dev/null
"$bin/pgbench" -n -c 2 -t 10 postgres 2> /dev/null | grep 'actually processed'
"$bin/psql" -A -t -c 'select count(*) from pgbench_history' postgres
# The shell waits asleep whoever is faster, so that its sigsuspend is always seen.
(sleep 0.3; kill -INT $server) &
wait $server
echo stopped
