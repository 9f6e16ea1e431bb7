//! One line of a block, looked at by its marks.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

use super::leader::{self, Leader};
use super::marks::View;
use super::scan;
use super::words::load;
use crate::sys::BITS;

/// One line of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) block: &'a [u8],
    pub(super) marks: View<'a>,
    /// Where it begins.
    pub(super) start: usize,
    /// Where its end is.
    pub(super) end: usize,
}

impl<'a> Cursor<'a> {
    /// The byte at a position; a line end behind the block.
    #[inline(always)]
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.block.get(at).copied().unwrap_or(b'\n')
    }

    /// The next byte of the line that structures a call, from `at` on.
    pub(super) fn mark(&self, at: usize) -> Option<usize> {
        self.marks.structure(at).filter(|mark| *mark < self.end)
    }

    /// The first byte from `at` on that is no blank.
    #[inline(always)]
    pub(super) fn behind_blanks(&self, mut at: usize) -> usize {
        loop {
            let blanks = self.marks.blanks(at);
            at += blanks;
            if blanks < BITS {
                return at;
            }
        }
    }

    /// How many of the 64 bytes from `at` on are of this line.
    #[inline(always)]
    pub(super) fn rest(&self, at: usize) -> usize {
        self.end.saturating_sub(at).min(BITS)
    }

    /// Where the arguments that begin at `tail` end. `None` if they have no end, or show an ELF
    /// header, which is evidence of its own and may be there where `reads` says so.
    #[inline(always)]
    pub(super) fn arguments_end(&self, tail: usize, reads: bool) -> Option<usize> {
        let Some(len) = self.marks.plain_arguments(tail, self.end) else {
            return self.walk(tail);
        };
        let close = tail + len;
        if reads && !self.shows_no_header(tail, close) {
            return self.walk(tail);
        }
        Some(close)
    }

    /// Whether there is but one string, and it does not begin with an escape.
    pub(super) fn shows_no_header(&self, tail: usize, close: usize) -> bool {
        let first = self.marks.first_string(tail);
        first.is_some_and(|quote| self.byte(quote + 1) != b'\\')
            && self.marks.one_string(tail, close)
    }

    /// The same byte by byte that structures a call.
    fn walk(&self, tail: usize) -> Option<usize> {
        let mut depth = 0usize;
        let mut at = tail;
        loop {
            at = self.mark(at)?;
            match self.byte(at) {
                b')' if depth == 0 => return Some(at),
                b')' => depth -= 1,
                b'(' => depth += 1,
                b'"' => {
                    at = self.string_end(at)?;
                    continue;
                }
                _ => {
                    at = self.behind_angle(at)?;
                    continue;
                }
            }
            at += 1;
        }
    }

    /// The process and where the call begins.
    #[inline(always)]
    pub(super) fn leader(&self) -> Option<(Leader<'a>, usize)> {
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
    #[inline(always)]
    fn behind_time(&self, at: usize) -> Option<usize> {
        if is_clock(load(self.block, at)) {
            let behind = at + 8;
            if is_microseconds(load(self.block, behind)) {
                return Some(behind + 8);
            }
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
    #[inline(always)]
    pub(super) fn ends_plainly(&self, at: usize) -> bool {
        at == self.end
            || (self.byte(at) == b' '
                && self.byte(at + 1) == b'<'
                && self.byte(at + 2).is_ascii_digit())
    }
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

/// A number of up to seven digits at `at` and its length. `None` if there is none or it is longer.
#[inline(always)]
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
