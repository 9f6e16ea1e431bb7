//! What is missing from recordings.

use callsieve::event::Skip;
use callsieve::recording::Recording;

use crate::cli::render;

/// What is missing.
#[derive(Debug)]
pub(crate) struct Losses {
    /// A line for each gap and each kind of loss of each run.
    pub(crate) lines: Vec<String>,
    /// Lines that are left out.
    pub(crate) more: usize,
    pub(crate) gaps: u64,
    pub(crate) lost: u64,
    pub(crate) not_understood: u64,
}

/// Lines that are shown.
const MOST: usize = 24;

impl Losses {
    pub(super) fn of(recording: &Recording) -> Self {
        let mut lines = render::losses(recording);
        let sum = |skip: Skip| {
            let counts = recording.runs().map(|(_, run)| run.tally.skipped(skip));
            counts.fold(0, u64::saturating_add)
        };
        let more = lines.len().saturating_sub(MOST);
        lines.truncate(MOST);
        Self {
            lines,
            more,
            gaps: u64::try_from(recording.gaps().count()).unwrap_or(u64::MAX),
            lost: sum(Skip::Lost),
            not_understood: sum(Skip::NotUnderstood),
        }
    }
}
