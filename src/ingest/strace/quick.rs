//! Takes in the lines of a block, most of them as they were looked at.

use std::num::NonZeroU32;

use super::lex::{Ended, Found, Prefix, Says};
use super::marks::position;
use super::processes::Begin;
use super::slots::{Kept, Slot};
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
    kept: Kept,
}

impl KnownWords {
    pub(super) fn new() -> Self {
        Self {
            spellings: vec![None; words::calls().len()],
        }
    }
}

/// Lines of the most usual kind, one after the other.
#[derive(Debug, Default)]
struct Run {
    lines: u64,
    /// How many of them begin a call.
    calls: u64,
}

impl Reader {
    /// Takes in the lines of a block.
    pub(super) fn block(
        &mut self,
        block: &[u8],
        found: &[Found],
        sink: &mut dyn Sink,
    ) -> Result<(), IngestError> {
        let mut run = Run::default();
        let mut in_calls = self.is_in_calls();
        for found in found {
            if self.times.wants(self.line + run.lines + 1) {
                self.look_at_time(text(block, (found.start, found.end)), sink);
            }
            if in_calls && self.usual(block, found, &mut run).is_some() {
                continue;
            }
            self.end_run(&mut run);
            if self.table.is_none() && self.quick(block, found).is_some() {
                self.line += 1;
                self.tally.lines += 1;
                in_calls = self.is_in_calls();
                continue;
            }
            self.careful(
                Line {
                    bytes: text(block, (found.start, found.end)),
                    terminated: true,
                    cut: false,
                    near_escape: true,
                },
                sink,
            )?;
            in_calls = self.is_in_calls();
        }
        self.end_run(&mut run);
        self.flush(sink);
        Ok(())
    }

    /// Whether the first call of a file is behind, and no table is being read.
    const fn is_in_calls(&self) -> bool {
        !self.at_start && self.table.is_none()
    }

    /// Takes in a line of the most usual kind, but for what [`Self::end_run`] does; `None` if it is
    /// of another.
    #[inline]
    fn usual(&mut self, block: &[u8], found: &Found, run: &mut Run) -> Option<()> {
        let pid = found.pid?.get();
        if found.leader != Prefix::Plain {
            return None;
        }
        match found.says {
            Says::Other => return None,
            Says::Resumed => self.processes.usual_end(pid, found)?,
            Says::Call => {
                let slot = self.processes.usual(pid, found)?;
                keep(slot, block, found);
                run.calls += 1;
            }
        }
        run.lines += 1;
        Some(())
    }

    /// What lines of the most usual kind change together.
    fn end_run(&mut self, run: &mut Run) {
        let run = std::mem::take(run);
        if run.lines == 0 {
            return;
        }
        self.line += run.lines;
        self.tally.lines += run.lines;
        self.tally.calls += run.calls;
        self.names_processes = true;
        self.interrupted = None;
    }

    /// Takes in a line as it was looked at; `None` if that does not do.
    fn quick(&mut self, block: &[u8], found: &Found) -> Option<()> {
        if found.says == Says::Other {
            return None;
        }
        let (known, pid, comm) = match (found.leader, found.pid) {
            (Prefix::Plain, pid) => {
                let known = self.known_word(found.word, None)?;
                let pid = pid.map(NonZeroU32::get).or(self.file_pid);
                let unnamed = || self.processes.unnamed(self.unnumbered);
                (known, pid.or_else(unnamed), None)
            }
            (Prefix::Rich, _) => {
                let (leader, _) = leader::split(text(block, (found.start, found.end)));
                let known = self.known_word(found.word, leader.number)?;
                let pid = self.who(&leader, found.says == Says::Resumed);
                (known, pid, leader.comm)
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
            let word = (found.leader == Prefix::Plain).then_some(found.word);
            let slot = self
                .processes
                .quick(&begin, known.kept, word, found.ended)?;
            if slot.calls == 1 {
                slot.time = self.times.of(text(block, (found.start, found.end)));
            }
            keep(slot, block, found);
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
            kept: Kept {
                args: spelling.args,
                by_name: spelling.names_arguments,
            },
        };
        if let Some(cell) = self.known.spellings.get_mut(usize::from(word)) {
            *cell = Some(known);
        }
        Some(known)
    }
}

/// Keeps the arguments of a call that are worth it.
#[inline]
fn keep(slot: &mut Slot, block: &[u8], found: &Found) {
    if slot.kept.args.is_empty() {
        return;
    }
    let args = text(block, found.args);
    let text = block.get(position(found.args.0)..).unwrap_or_default();
    let complete = found.ended != Ended::Unfinished;
    arguments::keep(slot, slot.kept, args, text, complete);
}

/// A part of a block.
#[inline]
fn text(block: &[u8], (from, to): (u32, u32)) -> &[u8] {
    block.get(position(from)..position(to)).unwrap_or_default()
}
