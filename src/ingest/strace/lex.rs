//! A quick look at whole blocks of lines: what most lines say, each line for itself.
//!
//! A line that is of the plain kinds (a call with its result, the begin of one, the rest of one)
//! becomes a [`Found`]; every other is left to the careful reader, which decides what any line
//! means. So what is found here must be what the careful reader would find, and where there is a
//! doubt, nothing is. A block can be looked at on any thread, as nothing here depends on the
//! lines before it.

use super::leader::{self, Leader};
use super::marks::{Marks, STRUCTURE, next_bit};
use super::result;
use super::scan::{self, End};
use super::words::{self, CallWord, Words, load};
use crate::event::{Errno, Outcome};

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

impl Lexer {
    pub(super) fn new() -> Self {
        Self {
            calls: words::calls(),
            errors: words::errors(),
        }
    }

    /// Looks at the lines of a block, all of which have their end.
    pub(super) fn look(&self, block: &[u8], marks: &mut Marks, found: &mut Vec<Found>) {
        marks.find(block, STRUCTURE);
        found.clear();
        let escapes = memchr::memchr(super::ESCAPE, block).is_some();
        let mut start = 0;
        while let Some(end) = next_bit(&marks.ends, start) {
            let line = Cursor {
                block,
                structure: &marks.others,
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
        let (name_end, tail) = match says {
            Says::Resumed => {
                let text = line.block.get(at..line.end)?;
                let len = text.iter().take(40).position(|byte| *byte == b' ')?;
                let rest = text.get(len..)?;
                if !rest.starts_with(b" resumed>") {
                    return None;
                }
                (at + len, at + len + b" resumed>".len())
            }
            Says::Call | Says::Other => {
                let open = line.mark(at)?;
                if line.byte(open) != b'(' {
                    return None;
                }
                (open, open + 1)
            }
        };
        let word = self.calls.find(line.block, at, name_end - at)?;
        let (args_end, ended) = self.end(line, tail)?;
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

    /// Where the arguments that begin at `tail` end, and how the call does.
    fn end(&self, line: &Cursor<'_>, tail: usize) -> Option<(usize, Ended)> {
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
        let mut depth = 0usize;
        let mut at = tail;
        loop {
            at = line.mark(at)?;
            match line.byte(at) {
                b')' if depth == 0 => break,
                b')' => depth -= 1,
                b'(' => depth += 1,
                b'"' => {
                    at = line.string_end(at)?;
                    continue;
                }
                _ => {
                    at = line.behind_angle(at)?;
                    continue;
                }
            }
            at += 1;
        }
        Some((at, self.result(line, at + 1)?))
    }

    /// ` = 3`, ` = -1 ENOENT (No such file or directory)`, perhaps with a time behind it.
    fn result(&self, line: &Cursor<'_>, at: usize) -> Option<Ended> {
        let equals = line.behind_blanks(at);
        if load(line.block, equals) & 0xffff != load(b"= ", 0) {
            return None;
        }
        let value = equals + 2;
        match line.byte(value) {
            b'0'..=b'9' => {
                let mut after = value + 1;
                if line.byte(after) == b'x' {
                    after += 1;
                    if !line.byte(after).is_ascii_hexdigit() {
                        return None;
                    }
                    while line.byte(after).is_ascii_hexdigit() {
                        after += 1;
                    }
                } else {
                    while line.byte(after).is_ascii_digit() {
                        after += 1;
                    }
                }
                if line.ends_plainly(after) {
                    return Some(Ended::Ok);
                }
            }
            b'-' if load(line.block, value) & 0xffff_ffff == load(b"-1 E", 0) => {
                let name = value + 3;
                let open = line.mark(name)?;
                let length = open.checked_sub(name + 1)?;
                if line.byte(open) == b'('
                    && line.byte(open - 1) == b' '
                    && let Some(error) = self.errors.find(line.block, name, length)
                {
                    let close = line.mark(open + 1)?;
                    let text = line.block.get(open + 1..close)?;
                    if line.byte(close) == b')'
                        && !text.starts_with(b"INJECTED")
                        && line.ends_plainly(close + 1)
                    {
                        return Some(Ended::Error(error));
                    }
                }
            }
            _ => {}
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
fn short(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// One line of a block.
#[derive(Debug, Clone, Copy)]
struct Cursor<'a> {
    block: &'a [u8],
    structure: &'a [u64],
    start: usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    /// The byte at a position; a line end behind the block.
    fn byte(&self, at: usize) -> u8 {
        self.block.get(at).copied().unwrap_or(b'\n')
    }

    /// The next byte of the line that structures a call, from `at` on.
    fn mark(&self, at: usize) -> Option<usize> {
        next_bit(self.structure, at).filter(|mark| *mark < self.end)
    }

    fn behind_blanks(&self, mut at: usize) -> usize {
        /// Eight blanks.
        const BLANKS: u64 = 0x2020_2020_2020_2020;
        loop {
            let differ = load(self.block, at) ^ BLANKS;
            if differ != 0 {
                return at + usize::try_from(differ.trailing_zeros() / 8).unwrap_or_default();
            }
            at += 8;
        }
    }

    /// The process and where the call begins.
    fn leader(&self) -> Option<(Leader<'a>, usize)> {
        let mut leader = Leader::default();
        let mut at = self.start;
        let mut time = None;
        if let Some((number, len)) = digits(self.block, at) {
            match self.byte(at + len) {
                b' ' if u64::from(number) <= leader::PID_MAX => {
                    leader.pid = Some(number);
                    at = self.behind_blanks(at + len);
                    time = self.byte(at).is_ascii_digit().then_some(at);
                }
                b':' | b'.' => time = Some(at),
                _ => {}
            }
        }
        if let Some(behind) = time.and_then(|time| self.behind_time(time)) {
            at = behind;
        }
        if matches!(self.byte(at), b'a'..=b'z' | b'_' | b'<') && at < self.end {
            return Some((leader, at));
        }
        let line = self.block.get(self.start..self.end)?;
        let (leader, rest) = leader::split(line);
        Some((leader, self.end - rest.len()))
    }

    /// What stands behind `HH:MM:SS`, `HH:MM:SS.ffffff`, or `N.ffffff`, and a blank.
    fn behind_time(&self, at: usize) -> Option<usize> {
        if is_clock(load(self.block, at)) {
            let behind = at + 8;
            match self.byte(behind) {
                b' ' => return Some(behind + 1),
                b'.' => {
                    let len = digit_count(load(self.block, behind + 1));
                    if (1..=7).contains(&len) && self.byte(behind + 1 + len) == b' ' {
                        return Some(behind + len + 2);
                    }
                }
                _ => {}
            }
        }
        let rest = self.block.get(at..self.end)?;
        Some(at + rest.len() - leader::time(rest)?.len())
    }

    /// The position behind the string that begins at `at`, unless it shows an ELF header, which
    /// is evidence of its own.
    fn string_end(&self, at: usize) -> Option<usize> {
        if self.byte(at + 1) == b'\\' {
            let text = self.block.get(at + 1..)?;
            if text.starts_with(b"\\177ELF") || text.starts_with(b"\\x7f\\x45") {
                return None;
            }
        }
        let mut close = at;
        loop {
            close = self.mark(close + 1)?;
            if self.byte(close) != b'"' {
                continue;
            }
            let inside = self.block.get(at + 1..close)?;
            let backslashes = inside.iter().rev().take_while(|b| **b == b'\\').count();
            if backslashes % 2 == 0 {
                return Some(close + 1);
            }
        }
    }

    /// The position behind a `<` and, if it opens the path of a descriptor, behind that.
    fn behind_angle(&self, at: usize) -> Option<usize> {
        let before = self.byte(at.checked_sub(1)?);
        if !before.is_ascii_digit() && before != b'D' {
            return Some(at + 1);
        }
        if self.byte(at + 1) == b'<' {
            return Some(at + 2);
        }
        let line = self.block.get(self.start..self.end)?;
        let end = scan::path_end(line, at - self.start);
        Some(end.map_or(at + 1, |end| self.start + end))
    }

    /// Whether a result ends here, with nothing behind it but perhaps the time the call took.
    fn ends_plainly(&self, at: usize) -> bool {
        at == self.end
            || (self.byte(at) == b' '
                && self.byte(at + 1) == b'<'
                && self.byte(at + 2).is_ascii_digit())
    }
}

/// How many of the first bytes of a word are digits.
fn digit_count(word: u64) -> usize {
    // A byte is a digit if its upper half is 3 and stays so with 6 added.
    const UPPER: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const THREE: u64 = 0x3030_3030_3030_3030;
    const SIX: u64 = 0x0606_0606_0606_0606;
    let other = ((word & UPPER) ^ THREE) | ((word.wrapping_add(SIX) & UPPER) ^ THREE);
    usize::try_from(other.trailing_zeros() / 8).unwrap_or_default()
}

/// Whether eight bytes are `HH:MM:SS`.
const fn is_clock(word: u64) -> bool {
    let halves = word & 0xf0f0_fff0_f0ff_f0f0 == 0x3030_3a30_303a_3030;
    let more = word.wrapping_add(0x0606_0006_0600_0606) & 0xf0f0_00f0_f000_f0f0;
    halves && more == 0x3030_0030_3000_3030
}

/// A number of up to seven digits at `at` and its length. `None` if there is none or it is longer.
fn digits(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    let word = load(bytes, at);
    let len = digit_count(word);
    if len == 0 || len > 7 {
        return None;
    }
    // Eight digits with zeros in front; then pairs, fours and all of them are put together.
    let ones = (word << (64 - 8 * len)) & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (ones.wrapping_mul(10 * 256 + 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100 * 0x1_0000 + 1) >> 16) & 0x0000_ffff_0000_ffff;
    let number = fours.wrapping_mul(10_000 * 0x1_0000_0000 + 1) >> 32;
    Some((u32::try_from(number).ok()?, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for number in (0..2_000).chain([9_999, 10_000, 123_456, 4_194_304, 9_999_999]) {
            let text = format!("{number} x");
            let expected = Some((number, text.len() - 2));
            assert_eq!(digits(text.as_bytes(), 0), expected, "{text}");
        }
        for none in ["", "x", "12345678", "/", ":", " 1"] {
            assert_eq!(digits(none.as_bytes(), 0), None, "{none}");
        }
    }

    #[test]
    fn clocks() {
        for (text, expected) in [
            ("18:39:34", true),
            ("00:00:00", true),
            ("99:99:99", true),
            ("18:39:3 ", false),
            ("18;39:34", false),
            ("1a:39:34", false),
            ("18:3::34", false),
            (":8:39:34", false),
            ("18:39:3:", false),
        ] {
            assert_eq!(is_clock(load(text.as_bytes(), 0)), expected, "{text}");
        }
    }
}
