#!/bin/sh
# Starts nginx, asks it over the loopback, and stops it.
set -eu
nginx -e /tmp/error.log -c /etc/nginx.conf &
server=$!
tries=0
until wget -q -O /tmp/page http://127.0.0.1:8080/index.html 2> /dev/null; do
	tries=$((tries + 1))
	[ $tries -lt 150 ] || { cat /tmp/error.log; exit 1; }
	sleep 0.1
done
cat /tmp/page
wget -q -O - http://127.0.0.1:8080/big | wc -c | tr -d ' '
wget -q -O - http://127.0.0.1:8080/proxied/big | wc -c | tr -d ' '
wget -q -O - http://127.0.0.1:8080/missing 2> /dev/null || echo "not found"
# The shell waits asleep whoever is faster, so that its sigsuspend is always in the trace.
(sleep 0.3; kill -QUIT $server) &
wait $server
echo "stopped"
