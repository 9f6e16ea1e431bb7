//! Lines in, calls out: every shape that strace gives a line, one small log for each.
//!
//! A log is read through the public reader and printed as rows `ARCH NAME OUTCOME COUNT`, sorted,
//! with `either` where the reader can't tell the call from the one beside it. Behind them stand
//! what gave no call (`~ REASON COUNT`), what is missing (`! GAP`), or the error (`error: …`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]
#![allow(
    clippy::needless_raw_string_hashes,
    reason = "as expect-test writes expected values"
)]

mod arches;
mod arguments;
mod bytes;
mod endings;
mod foreign;
mod leaders;
mod processes;
mod tables;
mod times;

#[path = "../common/rows.rs"]
mod common_rows;

use std::fmt::Write as _;

use callsieve::arch::Arch;
use callsieve::ingest::{IngestError, Source, read_strace};
use callsieve::recording::{Recording, RunBuilder};
use expect_test::Expect;

/// Reads files as one `-ff` set, or one file as a log.
fn read(files: &[(Option<u32>, &[u8])], told: Option<Arch>) -> Result<Recording, IngestError> {
    let name = |pid: &Option<u32>| pid.map_or("log".to_owned(), |pid| format!("log.{pid}"));
    let mut run = RunBuilder::new("strace", files.iter().map(|(pid, _)| name(pid)).collect());
    let sources = files.iter().map(|(pid, text)| Source {
        name: name(pid),
        pid: *pid,
        reader: Box::new(*text),
    });
    let tally = read_strace(sources, told, &mut run, &mut |_| ())?;
    Ok(Recording::of(run.finish(tally)))
}

/// The rows of a recording.
fn rows(read: &Result<Recording, IngestError>) -> String {
    let mut rows = String::new();
    let recording = match read {
        Ok(recording) => recording,
        Err(error) => return format!("error: {error}\n"),
    };
    for (arch, calls) in recording.totals() {
        for (call, total) in calls {
            let either = if total.either { " either" } else { "" };
            for (outcome, count) in total.outcomes {
                writeln!(rows, "{arch} {call} {outcome} {count}{either}").unwrap();
            }
        }
    }
    common_rows::add_skipped_and_missing(&mut rows, recording);
    rows
}

/// The values of arguments, as rows `ARCH NAME POSITION VALUE COUNT`.
fn argument_rows(log: &str) -> String {
    let recording = read(&[(None, log.as_bytes())], Some(Arch::X86_64)).unwrap();
    let mut rows = String::new();
    for (arch, calls) in recording.totals() {
        for (call, total) in calls {
            for (position, facts) in &total.args {
                for (value, count) in &facts.values {
                    writeln!(rows, "{arch} {call} {position} {value:?} {count}").unwrap();
                }
                for (what, count) in [("unseen", facts.unseen), ("overflow", facts.overflow)] {
                    if count > 0 {
                        writeln!(rows, "{arch} {call} {position} {what} {count}").unwrap();
                    }
                }
            }
        }
    }
    rows
}

/// A log of the architecture that most logs are of.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "as `expect!` makes it")]
fn check(log: &str, expected: Expect) {
    expected.assert_eq(&rows(&read(&[(None, log.as_bytes())], Some(Arch::X86_64))));
}

/// A log that has to tell its architecture itself.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "as `expect!` makes it")]
fn check_untold(log: &str, expected: Expect) {
    expected.assert_eq(&rows(&read(&[(None, log.as_bytes())], None)));
}
