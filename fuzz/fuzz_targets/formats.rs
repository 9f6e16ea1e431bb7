//! Any bytes are a log of any format: it is read or refused, and what was read survives its file.
//! The first byte chooses the format, or that it is detected.
#![no_main]

use callsieve::arch::Arch;
use callsieve::ingest::{Format, Options, Source, explain, read};
use callsieve::recording::{self, Recording, RunBuilder};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, log)) = bytes.split_first() else {
        return;
    };
    let formats: Vec<Format> = Format::all().collect();
    let chosen = formats.get(usize::from(*choice) % (formats.len() + 1));
    let Some(format) = chosen.copied().or_else(|| Format::detect(log, true)) else {
        return;
    };
    let source = || Source {
        name: "log".to_owned(),
        pid: None,
        reader: Box::new(log),
    };
    let options = Options {
        format,
        told: Some(Arch::X86_64),
        threads: 1,
    };
    let mut run = RunBuilder::new(format.name(), vec!["log".to_owned()]);
    let tally = read([source()], options, &mut run, &mut |_| ());
    let mut again = RunBuilder::new(format.name(), vec!["log".to_owned()]);
    let (_, explained) = explain([source()], options, &mut again, &mut |_| ());
    let Ok(tally) = tally else {
        assert!(explained.is_err(), "line by line it is read, and by block it is not");
        return;
    };
    let read = Recording::of(run.finish(tally));
    let explained = explained.expect("by block it is read, and line by line it is not");
    assert!(Recording::of(again.finish(explained)) == read, "line by line it is another");
    let text = recording::write(&read);
    let back = recording::read(text.as_bytes()).expect("what was written is read");
    assert!(back == read, "the recording is another one after its file:\n{text}");
});
