# Small work with busybox applets in pipes.
mkdir -p box && cd box || exit 1
seq 1 50 > numbers
grep 7 numbers | sort -r | head -n 3
tar cf all.tar numbers && gzip all.tar && zcat all.tar.gz | tar tf -
sleep 0.05
rm -rf all.tar.gz numbers
