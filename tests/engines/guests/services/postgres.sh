#!/bin/sh
# Starts PostgreSQL on a port, never as root, with a copy of the database of the image.
set -eu
if [ "$(id -u)" = 0 ]; then
	# By its path, or else busybox runs its own.
	exec /usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups "$0" "$1"
fi
cp -r /srv/data /tmp/data
chmod 700 /tmp/data
exec postgres -D /tmp/data -p "$1" -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp \
	-c timezone=UTC -c log_timezone=UTC -c shared_buffers=16MB
