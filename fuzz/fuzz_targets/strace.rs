//! Any bytes are a log of strace: it is read or refused, and what was read survives its file.
#![no_main]

use callsieve::arch::Arch;
use callsieve::ingest::{Source, read_strace};
use callsieve::recording::{self, Recording, RunBuilder};
use libfuzzer_sys::fuzz_target;

/// Separates the files of a set, as no log holds it.
const NEXT_FILE: &[u8] = b"\n=====\n";

fuzz_target!(|bytes: &[u8]| {
    let mut files = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(NEXT_FILE.len()).position(|w| w == NEXT_FILE) {
        files.push(&rest[..at]);
        rest = &rest[at + NEXT_FILE.len()..];
    }
    files.push(rest);
    let is_set = files.len() > 1;
    let mut run = RunBuilder::new("strace", vec!["log".to_owned()]);
    let sources = files.into_iter().zip(1..).map(|(file, pid)| Source {
        name: "log".to_owned(),
        pid: is_set.then_some(pid),
        reader: Box::new(file),
    });
    let Ok(tally) = read_strace(sources, Some(Arch::X86_64), &mut run, &mut |_| ()) else {
        return;
    };
    let read = Recording::of(run.finish(tally));
    let text = recording::write(&read);
    let back = recording::read(text.as_bytes()).expect("what was written is read");
    assert!(back == read, "the recording is another one after its file:\n{text}");
});
