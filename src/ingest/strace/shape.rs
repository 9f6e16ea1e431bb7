//! The leader of the line before, as most leaders are like it.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

use std::num::NonZeroU32;

use super::leader::PID_MAX;
use crate::sys::{PADDING, Padded, Vectors};

/// Bytes that are compared.
const WIDTH: usize = PADDING;

/// A leader of a process and times, of which only the digits may be others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Its length.
    len: usize,
    /// The places behind it, a bit for each.
    behind: u32,
    text: [u8; WIDTH],
    /// All bits where that has a digit.
    digits: [u8; WIDTH],
    /// How many digits the process has; 0 if none is named.
    pid: usize,
}

impl Shape {
    /// Before the first line.
    pub(super) const NONE: Self = Self {
        len: 0,
        behind: 0,
        text: [0; WIDTH],
        digits: [0; WIDTH],
        pid: 0,
    };

    /// The shape of a leader, if any with other digits would be read in the same way: what has no
    /// point and no colon is a process or a time, by how large it is.
    pub(super) fn of(leader: &[u8]) -> Option<Self> {
        let mut text = [0; WIDTH];
        text.get_mut(..leader.len())?.copy_from_slice(leader);
        let mut words = leader
            .split(|byte| *byte == b' ')
            .filter(|word| !word.is_empty());
        let is_time = |word: &[u8]| word.iter().any(|byte| matches!(byte, b'.' | b':'));
        let first = words.next().unwrap_or_default();
        let pid = if is_time(first) { 0 } else { first.len() };
        let fits = pid < 8
            && leader
                .iter()
                .all(|byte| matches!(byte, b'0'..=b'9' | b' ' | b'.' | b':'))
            && (pid == 0 || leader.starts_with(first))
            && words.all(|word| is_time(word) && word.len() < 19);
        fits.then_some(Self {
            len: leader.len(),
            behind: u32::MAX
                .checked_shl(u32::try_from(leader.len()).ok()?)
                .unwrap_or_default(),
            digits: text.map(|byte| if byte.is_ascii_digit() { u8::MAX } else { 0 }),
            text,
            pid,
        })
    }

    /// The length of the leader at `at` and its process, if it is of this shape.
    #[inline(always)]
    pub(super) fn fits(
        &self,
        block: Padded<'_, impl Vectors>,
        at: usize,
    ) -> Option<(usize, Option<NonZeroU32>)> {
        if block.shaped(at, &self.digits, &self.text) | self.behind != u32::MAX {
            return None;
        }
        if self.pid == 0 {
            return Some((self.len, None));
        }
        let pid = number(block.word(at), self.pid);
        let pid = NonZeroU32::new(pid).filter(|pid| u64::from(pid.get()) <= PID_MAX)?;
        Some((self.len, Some(pid)))
    }
}

/// The number of the first `len` bytes of a word, which are digits, up to seven.
#[inline(always)]
pub(super) fn number(word: u64, len: usize) -> u32 {
    // Eight digits with zeros in front; then pairs, fours and all of them are put together.
    let ones = (word << (64 - 8 * len)) & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (ones.wrapping_mul(10 * 256 + 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100 * 0x1_0000 + 1) >> 16) & 0x0000_ffff_0000_ffff;
    let number = fours.wrapping_mul(10_000 * 0x1_0000_0000 + 1) >> 32;
    u32::try_from(number).unwrap_or(u32::MAX)
}
