//! The frame of readers whose every line stands for itself.

use std::time::Duration;

use super::gather::Gather;
use super::lines::{ESCAPE, Line};
use super::reader::Reader;
use super::{Format, IngestError};
use crate::arch::Arch;
use crate::event::{Gap, Sink, Skip, Tally};

/// What a line was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Was {
    /// A call or the end of one.
    Call,
    /// Understood, and no call.
    No(Skip),
    /// Not understood.
    Strange,
}

/// Reads the lines of one format.
pub(super) trait ByLine: std::fmt::Debug {
    /// Takes in a line that is not blank, without its end.
    fn line(&mut self, text: &str, to: &mut Gather) -> Was;

    /// When it was, as far as the line tells, since whatever the log counts from. Asked for lines
    /// that have a call of a kind first, and for some others.
    fn time(&mut self, _text: &str) -> Option<Duration> {
        None
    }

    /// Takes in the bytes of a line that is not text of its own. Returns whether it was one.
    fn takes(&mut self, _line: &[u8]) -> bool {
        false
    }

    /// The log is over.
    fn end(&mut self, _to: &mut Gather) {}
}

/// A reader made of one of lines.
#[derive(Debug)]
pub(super) struct Frame<L> {
    format: Format,
    lines: L,
    gather: Gather,
}

impl<L: ByLine> Frame<L> {
    pub(super) fn new(format: Format, lines: L, told: Option<Arch>) -> Self {
        Self {
            format,
            lines,
            gather: Gather::new(told),
        }
    }
}

impl<L: ByLine> Reader for Frame<L> {
    fn file(&mut self, name: &str, _pid: Option<u32>) {
        self.gather.file(name);
    }

    fn line(&mut self, line: Line<'_>, _sink: &mut dyn Sink) -> Result<(), IngestError> {
        self.gather.next_line();
        if line.cut {
            self.gather.tally.skip(Skip::TooLong);
        }
        if self.lines.takes(line.bytes) {
            self.gather.tally.skip(Skip::Decoration);
            return Ok(());
        }
        // A crash while the disk was full leaves blocks of NUL.
        let nuls = line.bytes.iter().take_while(|b| **b == 0).count();
        let bytes = line.bytes.get(nuls..).unwrap_or_default().trim_ascii_end();
        let text = String::from_utf8_lossy(bytes);
        let text = if line.near_escape && bytes.contains(&ESCAPE) {
            without_escapes(&text).into()
        } else {
            text
        };
        if text.trim_ascii().is_empty() {
            self.gather.tally.skip(Skip::Blank);
            return Ok(());
        }
        match self.lines.line(&text, &mut self.gather) {
            Was::Call => {}
            Was::No(skip) => self.gather.tally.skip(skip),
            Was::Strange => {
                self.gather.not_understood(bytes);
                if !line.terminated {
                    self.gather.gap(Gap::Torn);
                }
            }
        }
        if self.gather.wants_time()
            && let Some(time) = self.lines.time(&text)
        {
            self.gather.timed(time);
        }
        Ok(())
    }

    fn kinds(&self) -> usize {
        self.gather.kinds()
    }

    fn tally(&self) -> &Tally {
        &self.gather.tally
    }

    fn finish(mut self: Box<Self>, sink: &mut dyn Sink) -> Result<Tally, IngestError> {
        self.lines.end(&mut self.gather);
        self.gather.finish(self.format, sink)
    }
}

/// The text without colours.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = match after.strip_prefix('[') {
            Some(inside) => match inside.find(|c: char| c.is_ascii_alphabetic()) {
                Some(end) => inside.get(end + 1..).unwrap_or_default(),
                None => "",
            },
            None => after,
        };
    }
    plain.push_str(rest);
    plain
}
