#!/bin/sh
# dpkg: builds a package, installs it with its script into a folder, asks about it, removes it.
set -eu
mkdir -p tree/DEBIAN tree/usr/share/tiny root/var/lib/dpkg/updates root/var/lib/dpkg/info
chmod -R 755 tree
echo data > tree/usr/share/tiny/file
cat > tree/DEBIAN/control << 'END'
Package: tiny
Version: 1.0
Architecture: all
Maintainer: nobody <nobody@example.org>
Description: a tiny package
END
: > root/var/lib/dpkg/status
dpkg-deb --build --root-owner-group tree tiny.deb > /dev/null
dpkg-deb --field tiny.deb Package Version
dpkg --root=root --log=log --force-not-root --install tiny.deb > /dev/null 2> errors
cat root/usr/share/tiny/file
dpkg-query --admindir=root/var/lib/dpkg --show tiny
dpkg --root=root --log=log --force-not-root --purge tiny > /dev/null 2>> errors
[ -e root/usr/share/tiny/file ] || echo removed
