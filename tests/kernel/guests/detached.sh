#!/bin/sh
# A shell that ends while what it put into the background still runs.
(
	sleep 0.3
	echo "background, $(getconf LONG_BIT) bits"
) &
echo first
exit 118
