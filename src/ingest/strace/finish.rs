//! The end of a log: what is missing and what is handed over.

use super::images::Places;
use super::{Reader, TOLERATED};
use crate::event::{Gap, Sink, Skip, Tally};
use crate::ingest::{Format, IngestError};

impl Reader {
    /// The log is over.
    pub(super) fn end(mut self, sink: &mut dyn Sink) -> Result<Tally, IngestError> {
        let file = self.files.first().cloned().unwrap_or_default();
        if self.tally.lines == 0 {
            return Err(IngestError::Empty {
                file,
                format: Format::Strace,
            });
        }
        let traced = self.tally.calls;
        self.add_table_rows(traced > 0);
        if self.tally.calls == 0 {
            return Err(match self.tally.examples.first() {
                Some(example) => IngestError::NothingUnderstood {
                    file: example.file.clone(),
                    format: Format::Strace,
                    line: example.line,
                    text: example.text.clone(),
                },
                None => IngestError::NoCalls {
                    file,
                    format: Format::Strace,
                },
            });
        }
        self.find_gaps(traced);
        let places = Places {
            files: &self.files,
            times: &self.times,
        };
        match self
            .processes
            .finish(self.told, &self.spellings, &places, sink)
        {
            Ok(()) => Ok(self.tally),
            Err(candidates) => Err(IngestError::UnknownArch { file, candidates }),
        }
    }

    fn find_gaps(&mut self, traced: u64) {
        let gaps = &mut self.tally.gaps;
        if traced == 0 {
            gaps.insert(Gap::SummaryOnly);
        } else if !self.begins_with_exec {
            gaps.insert(Gap::NoStart);
        } else if !self.saw.memory || (self.saw.exit_line && !self.saw.exit_call) {
            gaps.insert(Gap::Filtered);
        }
        let not_followed = u64::try_from(self.processes.not_followed()).unwrap_or(u64::MAX);
        if not_followed > 0 {
            self.tally.gaps.insert(Gap::NotFollowed);
            self.tally.skipped.insert(Skip::NotFollowed, not_followed);
        }
        let strange = self
            .tally
            .skipped
            .get(&Skip::NotUnderstood)
            .copied()
            .unwrap_or_default();
        if strange.saturating_mul(TOLERATED) > self.tally.lines {
            self.tally.gaps.insert(Gap::NotUnderstood);
        }
    }
}
