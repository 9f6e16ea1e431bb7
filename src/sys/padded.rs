//! Bytes that can be read some way beyond their end.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

use std::ops::Range;

/// How many bytes are read at once at most.
pub const PADDING: usize = 32;

/// Bytes with [`PADDING`] more behind them, so that no read has to ask how many are left. What is
/// read from beyond the end is of the padding.
#[derive(Debug, Clone, Copy)]
pub struct Padded<'a> {
    /// With the padding.
    bytes: &'a [u8],
    /// Without.
    len: usize,
}

impl<'a> Padded<'a> {
    /// The first `len` bytes; zeros are put behind where there are not as many.
    pub fn new(bytes: &'a mut Vec<u8>, len: usize) -> Self {
        if bytes.len() < len.saturating_add(PADDING) {
            bytes.resize(len.saturating_add(PADDING), 0);
        }
        Self { bytes, len }
    }

    /// The bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// A part of the bytes; empty where it is none.
    #[inline(always)]
    pub fn part(&self, part: Range<usize>) -> &'a [u8] {
        self.bytes.get(part).unwrap_or_default()
    }

    /// The byte at a position.
    #[inline(always)]
    pub fn byte(&self, at: usize) -> u8 {
        let [byte] = self.some(at);
        *byte
    }

    /// Eight bytes, the first the lowest.
    #[inline(always)]
    pub fn word(&self, at: usize) -> u64 {
        u64::from_le_bytes(*self.some(at))
    }

    /// 32 bytes.
    #[inline(always)]
    pub fn window(&self, at: usize) -> &'a [u8; PADDING] {
        self.some(at)
    }

    #[inline(always)]
    fn some<const N: usize>(&self, at: usize) -> &'a [u8; N] {
        const { assert!(N <= PADDING) };
        let at = at.min(self.len);
        // SAFETY: `at` is at most `len`, and `bytes` is PADDING longer than that since `new`,
        // so the N bytes from there on are of the slice.
        let first = unsafe { self.bytes.as_ptr().add(at) };
        // SAFETY: the N bytes are as just said and live as long as the slice, which is shared;
        // arrays of bytes need no alignment.
        unsafe { &*first.cast() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_of_the_bytes_or_the_padding() {
        let mut bytes: Vec<u8> = (0..40).collect();
        let padded = Padded::new(&mut bytes, 40);
        let bytes = [(0..40).collect(), vec![0; PADDING]].concat();
        assert_eq!(padded.bytes().len(), 40);
        for at in 0..40 {
            assert_eq!(usize::from(padded.byte(at)), at);
            assert_eq!(padded.window(at), &bytes[at..at + PADDING]);
            assert_eq!(padded.word(at).to_le_bytes(), bytes[at..at + 8]);
        }
        for beyond in [40, 41, 72, usize::MAX] {
            assert_eq!(padded.byte(beyond), 0);
            assert_eq!(padded.window(beyond), &[0; PADDING]);
        }
        assert_eq!(padded.part(70..99), b"");
        assert_eq!(Padded::new(&mut Vec::new(), 0).word(0), 0);
        assert_eq!(
            Padded::new(&mut vec![7; 99], 3).word(0),
            0x0707_0707_0707_0707
        );
    }
}
