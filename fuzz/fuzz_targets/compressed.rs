//! Any bytes are a log that may be compressed: it is read to its end, or to where it is broken.
#![no_main]

use std::io::Read as _;

use libfuzzer_sys::fuzz_target;

/// More is not read of what becomes large.
const LIMIT: u64 = 4 << 20;

fuzz_target!(|bytes: &[u8]| {
    let Ok((reader, is_compressed)) = callsieve::ingest::opened(bytes) else {
        return;
    };
    let mut all = Vec::new();
    let read = reader.take(LIMIT).read_to_end(&mut all);
    assert!(is_compressed || read.is_ok() && all == bytes);
});
