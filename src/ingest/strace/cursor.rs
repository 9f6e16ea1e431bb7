//! One line of a block.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

use super::leader::{self, Leader};
use super::marks::position;
use super::scan;
use super::shape::number;
use super::words::load;
use crate::sys::{Padded, Vectors};

/// One line of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a, V> {
    pub(super) block: Padded<'a, V>,
    /// Where it begins.
    pub(super) start: usize,
    /// Where its end is.
    pub(super) end: usize,
}

impl<'a, V: Vectors> Cursor<'a, V> {
    /// The byte at a position.
    #[inline(always)]
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.block.byte(at)
    }

    /// The eight bytes at a position.
    #[inline(always)]
    pub(super) fn word(&self, at: usize) -> u64 {
        self.block.word(at)
    }

    /// A part of the line.
    #[inline(always)]
    pub(super) fn text(&self, from: usize, to: usize) -> &'a [u8] {
        self.block.part(from..to)
    }

    /// The first byte from `at` on that is no blank.
    #[inline(always)]
    pub(super) fn behind_blanks(&self, mut at: usize) -> usize {
        loop {
            let others = !self.block.equal(at, b' ');
            if others != 0 {
                return at + bit(others);
            }
            at += 32;
        }
    }

    /// Where the value in ` = value` begins, of which the first blank is at `at`.
    #[inline(always)]
    pub(super) fn value(&self, at: usize) -> Option<usize> {
        let equals = self.behind_blanks(at);
        (self.word(equals) & 0xffff == load(b"= ", 0)).then_some(equals + 2)
    }

    /// The name in `<... name resumed>`, which begins at `at`, and its length.
    #[inline(always)]
    pub(super) fn resumed_name(&self, at: usize) -> Option<(usize, usize)> {
        let name = at + b"<... ".len();
        let blanks = self.block.equal(name, b' ');
        let behind = name + bit(blanks);
        let resumed = blanks != 0
            && self.word(at) & 0xff_ffff_ffff == load(b"<... ", 0)
            && self.word(behind) == load(b" resumed", 0)
            && self.byte(behind + 8) == b'>';
        resumed.then_some((name, behind - name))
    }

    /// Where the arguments end that begin before the first of `marks`, and the marks behind.
    /// `None` if that is not simple to tell.
    #[inline(always)]
    pub(super) fn close<'m>(&self, marks: &'m [u32]) -> Option<(usize, &'m [u32])> {
        let (first, rest) = marks.split_first()?;
        let first = position(*first);
        if self.byte(first) == b')' {
            return Some((first, rest));
        }
        self.walk(marks)
    }

    /// The same where there is more than a parenthesis.
    fn walk<'m>(&self, mut marks: &'m [u32]) -> Option<(usize, &'m [u32])> {
        let mut depth = 0usize;
        loop {
            let (at, rest) = marks.split_first()?;
            let at = position(*at);
            marks = rest;
            match self.byte(at) {
                b')' if depth == 0 => return Some((at, rest)),
                b')' => depth -= 1,
                b'(' => depth += 1,
                b'<' => {
                    let behind = self.behind_angle(at)?;
                    while let Some((next, rest)) = marks.split_first()
                        && position(*next) < behind
                    {
                        marks = rest;
                    }
                }
                _ => return None,
            }
        }
    }

    /// The position behind a `<` and, if it opens the path of a descriptor, behind that. `None`
    /// if the path has quotes: what they mark as strings is none.
    fn behind_angle(&self, at: usize) -> Option<usize> {
        let before = self.byte(at.checked_sub(1)?);
        if !before.is_ascii_digit() && before != b'D' {
            return Some(at + 1);
        }
        if self.byte(at + 1) == b'<' {
            return Some(at + 2);
        }
        let line = self.text(self.start, self.end);
        let Some(end) = scan::path_end(line, at - self.start) else {
            return Some(at + 1);
        };
        let path = self.text(at, self.start + end);
        let odd = memchr::memchr2(b'"', b'\\', path).is_some();
        (!odd).then_some(self.start + end)
    }

    /// Whether there is a quote from `from` to `to`.
    #[inline(always)]
    pub(super) fn has_quote(&self, from: usize, to: usize) -> bool {
        let len = to.saturating_sub(from);
        let quotes = self.block.equal(from, b'"');
        if len <= 32 {
            return quotes & u32::MAX >> (32 - len.max(1)) != 0;
        }
        memchr::memchr(b'"', self.text(from, to)).is_some()
    }

    /// Whether a string may begin with an escape from `from` to `to`, as ELF headers do.
    #[inline(always)]
    pub(super) fn has_escaped_begin(&self, from: usize, to: usize) -> bool {
        let mut at = from;
        while at < to {
            // Together 32 begins of pairs.
            let quotes = self.block.equal(at, b'"');
            let escapes = self.block.equal(at + 1, b'\\');
            if quotes & escapes != 0 {
                return true;
            }
            at += 32;
        }
        false
    }

    /// The process and where the call begins.
    #[inline(always)]
    pub(super) fn leader(&self) -> (Leader<'a>, usize) {
        let mut leader = Leader::default();
        let mut at = self.start;
        let mut time = None;
        if let Some((number, len)) = digits(self.word(at)) {
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
            return (leader, at);
        }
        let line = self.text(self.start, self.end);
        let (leader, rest) = leader::split(line);
        (leader, self.end - rest.len())
    }

    /// What stands behind `HH:MM:SS`, `HH:MM:SS.ffffff`, or `N.ffffff`, and a blank.
    #[inline(always)]
    fn behind_time(&self, at: usize) -> Option<usize> {
        if is_clock(self.word(at)) {
            let behind = at + 8;
            if is_microseconds(self.word(behind)) {
                return Some(behind + 8);
            }
            match self.byte(behind) {
                b' ' => return Some(behind + 1),
                b'.' => {
                    let len = digit_count(self.word(behind + 1));
                    if (1..=7).contains(&len) && self.byte(behind + 1 + len) == b' ' {
                        return Some(behind + len + 2);
                    }
                }
                _ => {}
            }
        }
        let rest = self.text(at, self.end);
        Some(at + rest.len() - leader::time(rest)?.len())
    }

    /// Whether a result ends here, with nothing behind it but perhaps the time the call took.
    #[inline(always)]
    pub(super) fn ends_plainly(&self, at: usize) -> bool {
        at == self.end
            || (self.byte(at) == b' '
                && self.byte(at + 1) == b'<'
                && self.byte(at + 2).is_ascii_digit())
    }
}

/// The position of the first bit.
#[inline(always)]
fn bit(bits: u32) -> usize {
    position(bits.trailing_zeros())
}

/// How many of the first bytes of a word are digits.
#[inline(always)]
fn digit_count(word: u64) -> usize {
    // A byte is a digit if its upper half is 3 and stays so with 6 added.
    const UPPER: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const THREE: u64 = 0x3030_3030_3030_3030;
    const SIX: u64 = 0x0606_0606_0606_0606;
    let other = ((word & UPPER) ^ THREE) | ((word.wrapping_add(SIX) & UPPER) ^ THREE);
    usize::try_from(other.trailing_zeros() / 8).unwrap_or_default()
}

/// Whether eight bytes are `HH:MM:SS`.
#[inline(always)]
const fn is_clock(word: u64) -> bool {
    let halves = word & 0xf0f0_fff0_f0ff_f0f0 == 0x3030_3a30_303a_3030;
    let more = word.wrapping_add(0x0606_0006_0600_0606) & 0xf0f0_00f0_f000_f0f0;
    halves && more == 0x3030_0030_3000_3030
}

/// Whether eight bytes are `.ffffff` and a blank.
#[inline(always)]
const fn is_microseconds(word: u64) -> bool {
    let halves = word & 0xfff0_f0f0_f0f0_f0ff == 0x2030_3030_3030_302e;
    let more = word.wrapping_add(0x0006_0606_0606_0600) & 0x00f0_f0f0_f0f0_f000;
    halves && more == 0x0030_3030_3030_3000
}

/// A number of up to seven digits at the begin of a word and its length. `None` if there is none or it is longer.
#[inline(always)]
fn digits(word: u64) -> Option<(u32, usize)> {
    let len = digit_count(word);
    if len == 0 || len > 7 {
        return None;
    }
    Some((number(word, len), len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for number in (0..2_000).chain([9_999, 10_000, 123_456, 4_194_304, 9_999_999]) {
            let text = format!("{number} x");
            let expected = Some((number, text.len() - 2));
            assert_eq!(digits(load(text.as_bytes(), 0)), expected, "{text}");
        }
        for none in ["", "x", "12345678", "/", ":", " 1"] {
            assert_eq!(digits(load(none.as_bytes(), 0)), None, "{none}");
        }
    }

    #[test]
    fn microseconds() {
        for (text, expected) in [
            (".595259 ", true),
            (".000000 ", true),
            (".999999 ", true),
            (".59525: ", false),
            (".5 5259 ", false),
            (".59525  ", false),
            (".5952599", false),
            (":595259 ", false),
        ] {
            assert_eq!(
                is_microseconds(load(text.as_bytes(), 0)),
                expected,
                "{text}"
            );
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
