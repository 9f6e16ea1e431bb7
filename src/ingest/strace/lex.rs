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

use super::cursor::Cursor;
use super::marks::Marks;
use super::result;
use super::scan::End;
use super::words::{self, CallWord, Words, load};
use crate::event::{Errno, Outcome};
use crate::sys::{Work, with_wide_instructions};

/// A line, looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it begins in its block.
    pub(super) start: u32,
    /// Its length without its end.
    pub(super) len: u32,
    /// What it says.
    pub(super) says: Says,
    /// The process.
    pub(super) pid: Option<u32>,
    /// How the process is named.
    pub(super) leader: Prefix,
    /// The number of the call (`-n`).
    pub(super) number: Option<u32>,
    /// The name of the call.
    pub(super) word: CallWord,
    /// How the call ended.
    pub(super) ended: Ended,
    /// Where the arguments are, from the begin of the line.
    pub(super) args: (u32, u32),
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

/// What stands before the process number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    /// Nothing more is to be told.
    Plain,
    /// `[pid N]`, or a name behind the number: the leader has to be looked at again.
    Rich,
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
    calls: &'static Words,
    errors: &'static Words,
}

/// A look at a block.
struct Look<'a> {
    lexer: &'a Lexer,
    block: &'a [u8],
    marks: &'a mut Marks,
    found: &'a mut Vec<Found>,
}

impl Work for Look<'_> {
    #[inline(always)]
    fn run(self) {
        self.lexer.look_at_lines(self.block, self.marks, self.found);
    }
}

impl Lexer {
    pub(super) fn new() -> Self {
        Self {
            calls: words::calls(),
            errors: words::errors(),
        }
    }

    /// Looks at the lines of a block, all of which have their end.
    pub(super) fn look(&self, block: &[u8], marks: &mut Marks, found: &mut Vec<Found>) {
        with_wide_instructions(Look {
            lexer: self,
            block,
            marks,
            found,
        });
    }

    #[inline(always)]
    fn look_at_lines(&self, block: &[u8], marks: &mut Marks, found: &mut Vec<Found>) {
        marks.find(block);
        found.clear();
        found.reserve(marks.ends().len());
        let escapes = memchr::memchr(super::ESCAPE, block).is_some();
        let mut start = 0;
        let view = marks.view();
        for end in marks.ends() {
            let end = usize::try_from(*end).unwrap_or(usize::MAX);
            let line = Cursor {
                block,
                marks: view,
                start,
                end,
            };
            let text = block.get(start..end).unwrap_or_default();
            let odd = text.last() == Some(&b'\r')
                || (escapes && memchr::memchr(super::ESCAPE, text).is_some());
            let says = if odd { None } else { self.line(&line) };
            found.push(says.unwrap_or(Found {
                start: short(start),
                len: short(end - start),
                says: Says::Other,
                pid: None,
                leader: Prefix::Plain,
                number: None,
                word: 0,
                ended: Ended::Ok,
                args: (0, 0),
            }));
            start = end + 1;
        }
    }

    #[inline(always)]
    fn line(&self, line: &Cursor<'_>) -> Option<Found> {
        let (leader, mut at) = line.leader()?;
        let mut says = Says::Call;
        if line.byte(at) == b'<' {
            // `<... name resumed>`
            if load(line.block, at) & 0xff_ffff_ffff != load(b"<... ", 0) {
                return None;
            }
            at += 5;
            says = Says::Resumed;
        }
        // A name ends before a parenthesis, or in ` resumed>`.
        let (len, tail) = match says {
            Says::Resumed => {
                let text = line.block.get(at..line.end)?;
                let len = text.iter().take(40).position(|byte| *byte == b' ')?;
                if load(line.block, at + len) != load(b" resumed", 0)
                    || line.byte(at + len + 8) != b'>'
                {
                    return None;
                }
                (len, at + len + b" resumed>".len())
            }
            Says::Call | Says::Other => {
                let len = bit(line.marks.opening(at));
                (len, at + len + 1)
            }
        };
        let word = self.calls.find(line.block, at, len)?;
        let (args_end, ended) = self.end(line, tail, self.calls.reads(word))?;
        Some(Found {
            start: short(line.start),
            len: short(line.end - line.start),
            says,
            pid: leader.pid,
            leader: if leader.bracketed || leader.comm.is_some() {
                Prefix::Rich
            } else {
                Prefix::Plain
            },
            number: leader.number,
            word,
            ended,
            args: (short(tail - line.start), short(args_end - line.start)),
        })
    }

    /// Where the arguments that begin at `tail` end, and how the call does. `reads` is whether
    /// they may show an ELF header.
    #[inline(always)]
    fn end(&self, line: &Cursor<'_>, tail: usize, reads: bool) -> Option<(usize, Ended)> {
        let text = line.block.get(tail..line.end)?;
        if text.last() == Some(&b'>') {
            if let Some(args) = text.strip_suffix(b"<unfinished ...>") {
                let args = args.trim_ascii_end();
                return Some((tail + args.len(), Ended::Unfinished));
            }
            if text.ends_with(b" ...>") {
                return None;
            }
        }
        if let Some(len) = plain_success(line, tail, reads) {
            return Some((tail + len, Ended::Ok));
        }
        let at = line.arguments_end(tail, reads)?;
        Some((at, self.result(line, at + 1)?))
    }

    /// ` = 3`, ` = -1 ENOENT (No such file or directory)`, perhaps with a time behind it.
    #[inline(always)]
    fn result(&self, line: &Cursor<'_>, at: usize) -> Option<Ended> {
        /// Two bytes.
        const TWO: u64 = 0xffff;
        let equals = line.behind_blanks(at);
        if load(line.block, equals) & TWO != load(b"= ", 0) {
            return None;
        }
        let value = equals + 2;
        let text = load(line.block, value);
        let [first, second, third, ..] = text.to_le_bytes();
        let opening = line.marks.opening(value);
        if first.is_ascii_digit() {
            // Without a parenthesis nothing says that strace put the result there.
            let rest = line.rest(value);
            let number = second != b'x' || third.is_ascii_hexdigit();
            if number && rest < 64 && bit(opening) >= rest {
                return Some(Ended::Ok);
            }
        } else if text & 0xffff_ffff == load(b"-1 E", 0) {
            let name = value + 3;
            let open = value + bit(opening);
            if let Some(length) = open.checked_sub(name + 1)
                && line.byte(open - 1) == b' '
                && let Some(error) = self.errors.find(line.block, name, length)
            {
                let close = open + bit(line.marks.closing(open));
                let text = line.block.get(open + 1..close)?;
                if close < line.end
                    && !text.starts_with(b"INJECTED")
                    && line.ends_plainly(close + 1)
                {
                    return Some(Ended::Error(error));
                }
            }
        }
        self.rare_result(line.block.get(at..line.end)?)
    }

    /// A result that is not one of the two usual ones.
    fn rare_result(&self, rest: &[u8]) -> Option<Ended> {
        let End::Result { outcome, .. } = result::result(rest)? else {
            return None;
        };
        Some(match outcome {
            Outcome::Success => Ended::Ok,
            Outcome::Error(error) => {
                let name = error.as_str();
                Ended::Error(self.errors.find(name.as_bytes(), 0, name.len())?)
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

/// The length of the arguments that begin at `tail`, of a short line that is plain and ends with
/// a number: most lines are so.
#[inline(always)]
fn plain_success(line: &Cursor<'_>, tail: usize, reads: bool) -> Option<usize> {
    let rest = line.end - tail;
    if rest > 64 {
        return None;
    }
    let window = line.marks.look(tail)?;
    let close = window.close(line.marks.inside(tail.checked_sub(1)?))??;
    let equals = window.behind_blanks(close);
    // `= `, and the first three of what follows.
    let [sign, blank, first, second, third, ..] = load(line.block, tail + equals).to_le_bytes();
    let is_number = first.is_ascii_digit() && (second != b'x' || third.is_ascii_hexdigit());
    let plain = [sign, blank] == *b"= " && is_number && equals + 2 < rest;
    // Without a parenthesis nothing says that strace put the result there.
    if !plain || window.opens(equals, rest) || (reads && !line.shows_no_header(tail, tail + close))
    {
        return None;
    }
    Some(close)
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

/// The position of the first bit; 64 if there is none.
#[inline(always)]
fn bit(bits: u64) -> usize {
    usize::try_from(bits.trailing_zeros()).unwrap_or(usize::MAX)
}
