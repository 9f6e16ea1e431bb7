//! Takes in the lines of a block, most of them as they were looked at.

use super::lex::{Ended, Found, Prefix, Says};
use super::processes::Begin;
use super::spelling::{ArchSet, Role, SpellingId};
use super::words::{self, CallWord};
use super::{Name, Reader, arguments, leader};
use crate::event::Sink;
use crate::ingest::IngestError;
use crate::ingest::lines::Line;

/// What the reader knows of the names in [`words::calls`].
#[derive(Debug)]
pub(super) struct KnownWords {
    /// By word: the last spelling met.
    spellings: Vec<Option<KnownWord>>,
}

#[derive(Debug, Clone, Copy)]
struct KnownWord {
    number: Option<u32>,
    id: SpellingId,
    arches: ArchSet,
    role: Role,
    keeps_arguments: bool,
}

impl KnownWords {
    pub(super) fn new() -> Self {
        Self {
            spellings: vec![None; words::calls().len()],
        }
    }
}

impl Reader {
    /// Takes in the lines of a block.
    pub(super) fn block(
        &mut self,
        block: &[u8],
        found: &[Found],
        sink: &mut dyn Sink,
    ) -> Result<(), IngestError> {
        let before = self.line;
        let mut careful = 0;
        for found in found {
            if self.times.wants(self.line + 1) {
                self.look_at_time(text(block, found, (0, found.len)), sink);
            }
            if self.table.is_none() && self.quick(block, found).is_some() {
                self.line += 1;
                continue;
            }
            careful += 1;
            self.careful(
                Line {
                    bytes: text(block, found, (0, found.len)),
                    terminated: true,
                    cut: false,
                    near_escape: true,
                },
                sink,
            )?;
        }
        self.tally.lines += self.line - before - careful;
        self.flush(sink);
        Ok(())
    }

    /// Takes in a line as it was looked at; `None` if that does not do.
    fn quick(&mut self, block: &[u8], found: &Found) -> Option<()> {
        if found.says == Says::Other {
            return None;
        }
        let known = self.known_word(found.word, found.number)?;
        let (pid, comm) = match (found.leader, found.pid) {
            (Prefix::Plain, Some(pid)) => (Some(pid), None),
            (Prefix::Plain, None) => {
                let unnamed = || self.processes.unnamed(self.unnumbered);
                (self.file_pid.or_else(unnamed), None)
            }
            (Prefix::Rich, _) => {
                let (leader, _) = leader::split(text(block, found, (0, found.len)));
                let pid = self.who(&leader, found.says == Says::Resumed);
                (pid, leader.comm)
            }
        };
        // The first header that a program reads tells its architecture.
        if found.header && !self.processes.knows_header(pid) {
            return None;
        }
        if found.says == Says::Resumed {
            if !self.processes.quick_end(pid, known.id, found.ended) {
                return None;
            }
        } else {
            let begin = Begin {
                pid,
                comm,
                spelling: known.id,
                arches: known.arches,
                role: known.role,
                path: None,
                place: (self.file_number, self.line + 1),
            };
            let slot = self.processes.quick(&begin, found.ended)?;
            if slot.calls == 1 {
                slot.time = self.times.of(text(block, found, (0, found.len)));
            }
            if known.keeps_arguments
                && let Some(spelling) = self.spellings.get(known.id)
            {
                let args = text(block, found, found.args);
                let from = found.start + found.args.0;
                let text = block.get(usize::try_from(from).unwrap_or(usize::MAX)..);
                let complete = found.ended != Ended::Unfinished;
                arguments::keep(
                    slot,
                    spelling.args,
                    spelling.names_arguments,
                    args,
                    text.and_then(<[u8]>::first_chunk),
                    complete,
                );
            }
            self.note(known.role);
            self.tally.calls += 1;
        }
        self.names_processes |= found.pid.is_some();
        self.interrupted = None;
        Some(())
    }

    /// The spelling of a call by a known name, unless no architecture has it so.
    #[inline]
    fn known_word(&mut self, word: CallWord, number: Option<u32>) -> Option<KnownWord> {
        match *self.known.spellings.get(usize::from(word))? {
            Some(known) if known.number == number => Some(known),
            _ => self.learn(word, number),
        }
    }

    fn learn(&mut self, word: CallWord, number: Option<u32>) -> Option<KnownWord> {
        let name = words::calls().get(word)?;
        let id = self
            .spellings
            .intern(Name::Named(name.as_bytes()), number)?;
        let spelling = self.spellings.get(id)?;
        if spelling.arches.is_empty() {
            return None;
        }
        let known = KnownWord {
            number,
            id,
            arches: spelling.arches,
            role: spelling.role,
            keeps_arguments: !spelling.args.is_empty(),
        };
        if let Some(cell) = self.known.spellings.get_mut(usize::from(word)) {
            *cell = Some(known);
        }
        Some(known)
    }
}

/// A part of the text of a line.
fn text<'a>(block: &'a [u8], found: &Found, (from, to): (u32, u32)) -> &'a [u8] {
    let at = |offset: u32| usize::try_from(found.start + offset).unwrap_or(usize::MAX);
    block.get(at(from)..at(to)).unwrap_or_default()
}
