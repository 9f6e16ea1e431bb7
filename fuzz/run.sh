#!/bin/sh
# Runs one fuzz target for some seconds, as `cargo fuzz run` does, without cargo-fuzz.
# usage: fuzz/run.sh TARGET SECONDS
set -eu
target=$1
seconds=$2
cd "$(dirname "$0")"
mkdir -p "corpus/$target" "artifacts/$target"
host=$(rustc +nightly -vV | sed -n 's/^host: //p')
# What cargo-fuzz passes: coverage, comparisons, the address sanitizer.
RUSTFLAGS="--cfg fuzzing -Zsanitizer=address -Cpasses=sancov-module \
-Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1" \
    cargo +nightly build --release --target "$host" --bin "$target"
dictionary=
[ -f "$target.dict" ] && dictionary="-dict=$target.dict"
exec "target/$host/release/$target" "corpus/$target" "seeds/$target" \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=32768 \
    -artifact_prefix="artifacts/$target/" -print_final_stats=1 $dictionary
