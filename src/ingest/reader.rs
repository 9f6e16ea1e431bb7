//! What every reader of a format is: lines in, sightings and a tally out.

use std::fmt;

use super::IngestError;
use super::lines::Line;
use crate::event::{Sink, Tally};

/// Reads one log, or the files of one set.
pub(super) trait Reader: fmt::Debug {
    /// The next lines are of this file; `pid` is the process it belongs to, in a set.
    fn file(&mut self, name: &str, pid: Option<u32>);

    /// Takes in the next line.
    fn line(&mut self, line: Line<'_>, sink: &mut dyn Sink) -> Result<(), IngestError>;

    /// How many kinds of calls were met so far.
    fn kinds(&self) -> usize;

    /// What became of the lines so far.
    fn tally(&self) -> &Tally;

    /// The log is over.
    fn finish(self: Box<Self>, sink: &mut dyn Sink) -> Result<Tally, IngestError>;
}

/// The start of a log, by which its format is told.
#[derive(Debug)]
pub(super) struct Start<'a> {
    /// Its whole lines, but for the last if the start ends in its middle, and without those that
    /// are blank.
    lines: Vec<&'a [u8]>,
}

/// Lines of a start that are looked at.
const LOOKED_AT: usize = 400;

impl<'a> Start<'a> {
    /// `whole` is whether it is all of the log.
    pub(super) fn new(bytes: &'a [u8], whole: bool) -> Self {
        let lines_end = if whole {
            bytes.len()
        } else {
            memchr::memrchr(b'\n', bytes).unwrap_or(bytes.len())
        };
        let lines = bytes
            .get(..lines_end)
            .unwrap_or_default()
            .split(|byte| *byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .filter(|line| !line.trim_ascii().is_empty())
            .take(LOOKED_AT)
            .collect();
        Self { lines }
    }

    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// How many lines are of some kind.
    pub(super) fn count(&self, is: impl Fn(&[u8]) -> bool) -> usize {
        self.lines.iter().filter(|line| is(line)).count()
    }

    /// Whether at least one line in ten, and one at all, is of some kind.
    pub(super) fn has_many(&self, is: impl Fn(&[u8]) -> bool) -> bool {
        let count = self.count(is);
        count > 0 && count * 10 >= self.len()
    }
}

/// Whether a text stands in a line.
pub(super) fn has(line: &[u8], text: &str) -> bool {
    memchr::memmem::find(line, text.as_bytes()).is_some()
}
