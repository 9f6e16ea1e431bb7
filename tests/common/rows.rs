//! Rows of a recording, as tests of log readers expect them.

use std::fmt::Write as _;

use callsieve::recording::Recording;

/// Adds rows of what gave no call (`~ KIND COUNT`) and of what is missing (`! GAP`).
pub(crate) fn add_skipped_and_missing(rows: &mut String, recording: &Recording) {
    for (_, run) in recording.runs() {
        for (skip, count) in &run.tally.skipped {
            writeln!(rows, "~ {} {count}", skip.key()).unwrap();
        }
        for gap in &run.tally.gaps {
            writeln!(rows, "! {}", gap.key()).unwrap();
        }
    }
}
