#!/bin/sh
# nginx: plain, large, compressed and missing pages, a reload with new workers, an orderly end.
set -eu
mkdir html
chmod 755 . html
echo hello > html/index.html
head -c 300000 /dev/zero > html/large
cat > nginx.conf << 'END'
daemon off;
user nobody nogroup;
worker_processes 2;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 64; }
http {
    access_log access.log;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    sendfile on;
    server { listen 127.0.0.1:8080; root html; }
}
END
get() {
	busybox wget -q -O "$2" "http://127.0.0.1:8080/$1" 2> /dev/null
}
nginx -p "$PWD/" -c nginx.conf -e error.log &
server=$!
until get index.html page; do sleep 0.1; done
cat page
get large page
wc -c < page
get missing page || echo missing
workers=$(cat "/proc/$server/task/$server/children")
kill -HUP $server
for worker in $workers; do
	while [ -d "/proc/$worker" ]; do sleep 0.1; done
done
get index.html page
cat page
# The shell waits asleep whoever is faster, so that its sigsuspend is always seen.
(sleep 0.3; kill -QUIT $server) &
wait $server
echo stopped
