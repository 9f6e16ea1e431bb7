//! Any bytes are a recording: it is read or refused, and what was read is the same when it is
//! written and read again.
#![no_main]

use callsieve::recording;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(read) = recording::read(bytes) else {
        return;
    };
    let text = recording::write(&read);
    let back = recording::read(text.as_bytes()).expect("what was written is read");
    assert!(back == read, "another recording after its file:\n{text}");
    assert_eq!(recording::write(&back), text);
});
