//! A quick look at whole blocks of lines: what most lines say, each line for itself.
//!
//! A line that is of the plain kinds (a call with its result, the begin of one, the rest of one)
//! becomes a [`Found`]; every other is left to the careful reader, which decides what any line
//! means. So what is found here must be what the careful reader would find, and where there is a
//! doubt, nothing is. A block can be looked at on any thread, as nothing here depends on the
//! lines before it.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

use std::num::NonZeroU32;

use super::cursor::Cursor;
use super::marks::{Marks, position};
use super::result;
use super::scan;
use super::shape::Shape;
use super::usual::{AHEAD, Place, Usual};
use super::words::{self, CallWord, Words, load};
use crate::event::{Errno, Outcome};
use crate::sys::{Common, Padded, Vectors, with_wide_instructions};

/// A line, looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it begins in its block.
    pub(super) start: u32,
    /// Where its end is there.
    pub(super) end: u32,
    /// Where its arguments are there.
    pub(super) args: (u32, u32),
    /// What it says.
    pub(super) says: Says,
    /// The process.
    pub(super) pid: Option<NonZeroU32>,
    /// What else the leader tells.
    pub(super) leader: Prefix,
    /// The name of the call.
    pub(super) word: CallWord,
    /// How the call ended.
    pub(super) ended: Ended,
    /// They may show the header of an ELF file.
    pub(super) header: bool,
}

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// Something for the careful reader.
    Other,
    /// A call begins, and perhaps ends.
    Call,
    /// A call goes on and ends, or not yet.
    Resumed,
}

/// What the leader tells besides the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    /// Nothing, or times.
    Plain,
    /// `[pid N]`, the name of the process or the number of the call: the leader has to be looked
    /// at again.
    Rich,
}

/// What stands before the arguments, but for the leader.
pub(super) struct Head {
    says: Says,
    word: CallWord,
    /// Where the arguments begin.
    pub(super) tail: usize,
}

/// How a line ends.
pub(super) struct End {
    /// Where its arguments do.
    pub(super) args: usize,
    pub(super) ended: Ended,
    /// Where it does itself.
    pub(super) line: usize,
}

/// How a call ended, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Without error.
    Ok,
    /// With the error of this number in [`words::errors`].
    Error(u16),
    /// In one of the rarer ways.
    Rare(Rare),
    /// Not yet.
    Unfinished,
}

/// The rarer ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rare {
    Interrupted,
    NoReturn,
    Injected,
    Unknown,
}

/// What is looked up for every line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lexer {
    pub(super) calls: &'static Words,
    errors: &'static Words,
}

impl Lexer {
    pub(super) fn new() -> Self {
        Self {
            calls: words::calls(),
            errors: words::errors(),
        }
    }

    /// Looks at the lines of a block, all of which have their end.
    pub(super) fn look(
        &self,
        block: Padded<'_, Common>,
        marks: &mut Marks,
        found: &mut Vec<Found>,
    ) {
        marks.find(block.bytes());
        found.clear();
        // Colours and carriage returns, perhaps.
        let odd = marks.controls();
        let marks = marks.all();
        let mut shape = Shape::NONE;
        let mut place = Place::default();
        loop {
            if !odd {
                with_wide_instructions(Usual {
                    lexer: self,
                    block,
                    marks,
                    shape: &shape,
                    place: &mut place,
                    found,
                });
            }
            let Place { start, mark } = place;
            let is_end = |mark: &u32| block.byte(position(*mark)) == b'\n';
            let own = marks.get(mark..marks.len() - AHEAD).unwrap_or_default();
            let Some(count) = own.iter().position(is_end) else {
                return;
            };
            let end = position(own.get(count).copied().unwrap_or_default());
            let own = own.get(..count).unwrap_or_default();
            let line = Cursor { block, start, end };
            let odd = (end > start && line.byte(end - 1) == b'\r')
                || (odd && memchr::memchr(super::ESCAPE, line.text(start, end)).is_some());
            let says = if odd {
                None
            } else {
                self.line(&line, own, &mut shape)
            };
            found.push(says.unwrap_or(Found {
                start: short(start),
                end: short(end),
                args: (0, 0),
                pid: None,
                word: 0,
                ended: Ended::Ok,
                says: Says::Other,
                leader: Prefix::Plain,
                header: false,
            }));
            place = Place {
                start: end + 1,
                mark: mark + count + 1,
            };
        }
    }

    /// What a line says; `marks` are its own.
    fn line(
        &self,
        line: &Cursor<'_, impl Vectors>,
        mut marks: &[u32],
        shape: &mut Shape,
    ) -> Option<Found> {
        let (leader, at) = line.leader();
        let known = shape.fits(line.block, line.start);
        if known.is_none_or(|(len, _)| len != at - line.start)
            && let Some(new) = Shape::of(line.text(line.start, at))
        {
            *shape = new;
        }
        let first = loop {
            let (mark, rest) = marks.split_first()?;
            marks = rest;
            if position(*mark) >= at {
                break position(*mark);
            }
        };
        let head = self.head(line, at, first)?;
        let (args, ended) = self.end(line, head.tail, marks)?;
        let end = End {
            args,
            ended,
            line: line.end,
        };
        let pid = match leader.pid {
            Some(pid) => Some(NonZeroU32::new(pid)?),
            None => None,
        };
        let found = self.found(line, pid, &head, &end);
        let rich = leader.bracketed || leader.comm.is_some() || leader.number.is_some();
        Some(Found {
            leader: if rich { Prefix::Rich } else { Prefix::Plain },
            ..found
        })
    }

    /// What stands at `at`, behind the leader; the first mark is at `first`. A name ends before a
    /// parenthesis, or in ` resumed>`.
    #[inline(always)]
    pub(super) fn head(
        &self,
        line: &Cursor<'_, impl Vectors>,
        at: usize,
        first: usize,
    ) -> Option<Head> {
        let (says, name, len, tail) = if first == at {
            let (name, len) = line.resumed_name(at)?;
            (Says::Resumed, name, len, name + len + b" resumed>".len())
        } else if line.byte(first) == b'(' {
            (Says::Call, at, first.checked_sub(at)?, first + 1)
        } else {
            return None;
        };
        let word = self.calls.find(line.block, name, len)?;
        Some(Head { says, word, tail })
    }

    /// What a line says whose leader tells no more than the process.
    #[inline(always)]
    pub(super) fn found(
        &self,
        line: &Cursor<'_, impl Vectors>,
        pid: Option<NonZeroU32>,
        head: &Head,
        end: &End,
    ) -> Found {
        let Head { says, word, tail } = *head;
        Found {
            start: short(line.start),
            end: short(end.line),
            args: (short(tail), short(end.args)),
            pid,
            word,
            ended: end.ended,
            says,
            leader: Prefix::Plain,
            header: self.calls.reads(word)
                && end.ended != Ended::Unfinished
                && line.has_escaped_begin(tail, end.args),
        }
    }

    /// Where the arguments that begin at `tail` end, and how the call does.
    #[inline(always)]
    fn end(
        &self,
        line: &Cursor<'_, impl Vectors>,
        tail: usize,
        marks: &[u32],
    ) -> Option<(usize, Ended)> {
        if line.byte(line.end - 1) == b'>' {
            let last = line.word(line.end.saturating_sub(8));
            if last == load(b"hed ...>", 0)
                && let Some(at) = line.end.checked_sub(b"<unfinished ...>".len())
                && at >= tail
                && line.word(at) == load(b"<unfinis", 0)
            {
                let args = line.text(tail, at).trim_ascii_end();
                return Some((tail + args.len(), Ended::Unfinished));
            }
            if last >> 24 == load(b" ...>", 0) {
                return None;
            }
        }
        let (close, marks) = line.close(marks)?;
        Some((close, self.result(line, close + 1, marks)?))
    }

    /// ` = 3`, ` = -1 ENOENT (No such file or directory)`, perhaps with a time behind it.
    #[inline(always)]
    fn result(&self, line: &Cursor<'_, impl Vectors>, at: usize, marks: &[u32]) -> Option<Ended> {
        let value = line.value(at)?;
        if is_number(line.word(value)) {
            // Without a parenthesis nothing says that strace put the result there, and what is
            // set off by a blank is the time that the call took.
            let plain = marks.first().is_none_or(|mark| {
                let at = position(*mark);
                line.byte(at) == b'<' && line.byte(at - 1) == b' '
            });
            if plain {
                return Some(Ended::Ok);
            }
        } else if let [open, close, ..] = marks
            && let (open, close) = (position(*open), position(*close))
            && let Some(error) = self.error(line, value, open, close)
            && line.ends_plainly(close + 1)
        {
            return Some(error);
        }
        self.rare_result(line.text(at, line.end))
    }

    /// `-1 ENOENT (No such file or directory)`, which begins at `value`, with the parentheses at
    /// `open` and `close`.
    #[inline(always)]
    pub(super) fn error(
        &self,
        line: &Cursor<'_, impl Vectors>,
        value: usize,
        open: usize,
        close: usize,
    ) -> Option<Ended> {
        let name = value + b"-1 ".len();
        let fits = line.word(value) & 0xffff_ffff == load(b"-1 E", 0)
            && open > name
            && [line.byte(open - 1), line.byte(open), line.byte(close)] == *b" ()"
            // It says what the error means, and not that strace put it there.
            && line.word(open + 1) != load(b"INJECTED", 0)
            && !line.has_quote(open + 1, close);
        let len = open.checked_sub(name + 1).filter(|_| fits)?;
        self.errors.find(line.block, name, len).map(Ended::Error)
    }

    /// A result that is not one of the two usual ones.
    fn rare_result(&self, rest: &[u8]) -> Option<Ended> {
        let scan::End::Result { outcome, .. } = result::result(rest)? else {
            return None;
        };
        Some(match outcome {
            Outcome::Success => Ended::Ok,
            Outcome::Error(error) => {
                let name = error.as_str();
                Ended::Error(self.errors.number(name)?)
            }
            // qemu writes every error so that it reads as `Failed`.
            Outcome::Failed | Outcome::Sigsys => return None,
            Outcome::Interrupted => Ended::Rare(Rare::Interrupted),
            Outcome::NoReturn => Ended::Rare(Rare::NoReturn),
            Outcome::Injected => Ended::Rare(Rare::Injected),
            Outcome::Unknown => Ended::Rare(Rare::Unknown),
        })
    }
}

/// Whether a result that begins with these bytes is a number, and no error.
#[inline(always)]
pub(super) const fn is_number(word: u64) -> bool {
    let [first, second, third, ..] = word.to_le_bytes();
    first.is_ascii_digit() && (second != b'x' || third.is_ascii_hexdigit())
}

impl Ended {
    /// The outcome, unless the call has not ended.
    pub(super) fn outcome(self) -> Option<Outcome> {
        Some(match self {
            Self::Ok => Outcome::Success,
            Self::Error(word) => {
                let name = words::errors().get(word).unwrap_or_default();
                Errno::named(name).map_or(Outcome::Failed, Outcome::Error)
            }
            Self::Rare(Rare::Interrupted) => Outcome::Interrupted,
            Self::Rare(Rare::NoReturn) => Outcome::NoReturn,
            Self::Rare(Rare::Injected) => Outcome::Injected,
            Self::Rare(Rare::Unknown) => Outcome::Unknown,
            Self::Unfinished => return None,
        })
    }
}

/// Blocks are far below 4 GiB.
#[inline(always)]
fn short(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
