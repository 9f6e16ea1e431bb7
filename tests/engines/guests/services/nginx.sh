#!/bin/sh
# Starts nginx on a port.
set -eu
sed "s/PORT/$1/" /etc/nginx.conf > /tmp/nginx.conf
exec nginx -e /tmp/error.log -c /tmp/nginx.conf
