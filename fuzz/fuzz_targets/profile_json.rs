//! Any bytes are the JSON of a profile: it is read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let detected = callsieve::formats::docker::detect(bytes);
    let read = callsieve::formats::docker::read(bytes);
    // What reads as a profile looks like one.
    assert!(detected || read.is_err(), "read, but not detected");
});
