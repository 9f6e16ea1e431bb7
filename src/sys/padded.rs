//! Bytes that can be read some way beyond their end.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

use std::ops::Range;

use super::bytes::{Common, Vectors};

/// How many bytes are read at once at most.
pub const PADDING: usize = 32;

/// Bytes with more behind them, so that no read has to ask how many are left. What is read from
/// beyond the end may be anything but for the first [`PADDING`] bytes, which are as they were given.
#[derive(Debug, Clone, Copy)]
pub struct Padded<'a, V> {
    /// With the padding.
    bytes: &'a [u8],
    /// Without.
    len: usize,
    /// The positions that are read from: a power of two and as many before it.
    mask: usize,
    vectors: V,
}

impl<'a> Padded<'a, Common> {
    /// The first `len` bytes; zeros are put behind where there are not as many as are needed.
    pub fn new(bytes: &'a mut Vec<u8>, len: usize) -> Self {
        // More than there can be is refused where the room for it is asked for.
        let places = len
            .saturating_add(PADDING)
            .checked_next_power_of_two()
            .unwrap_or(1 << (usize::BITS - 1));
        let needed = places.saturating_add(PADDING);
        if bytes.len() < needed {
            bytes.resize(needed, 0);
        }
        Self {
            bytes,
            len,
            mask: places - 1,
            vectors: Common,
        }
    }

    /// The same, to be looked at with other instructions.
    #[inline(always)]
    pub fn with<V: Vectors>(self, vectors: V) -> Padded<'a, V> {
        let Self {
            bytes, len, mask, ..
        } = self;
        Padded {
            bytes,
            len,
            mask,
            vectors,
        }
    }
}

impl<'a, V: Vectors> Padded<'a, V> {
    /// The bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// What they are looked at with.
    pub const fn vectors(&self) -> V {
        self.vectors
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

    /// Where among the 32 bytes at a position one is, a bit for each.
    #[inline(always)]
    pub fn equal(&self, at: usize, sought: u8) -> u32 {
        self.vectors.equal(self.some(at), sought)
    }

    /// Where the 32 bytes at a position are those of others.
    #[inline(always)]
    pub fn alike(&self, at: usize, others: &[u8; PADDING]) -> u32 {
        self.vectors.alike(self.some(at), others)
    }

    /// Where the 32 bytes at a position are digits or those of others, as [`Vectors::shaped`]
    /// tells.
    #[inline(always)]
    pub fn shaped(&self, at: usize, digits: &[u8; PADDING], others: &[u8; PADDING]) -> u32 {
        self.vectors.shaped(self.some(at), digits, others)
    }

    #[inline(always)]
    fn some<const N: usize>(&self, at: usize) -> &'a [u8; N] {
        const { assert!(N <= PADDING) };
        let at = at & self.mask;
        // SAFETY: `at` is at most `mask`, and `bytes` is longer than that by PADDING and one since
        // `new`, so the N bytes from there on are of the slice.
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
        for len in [0, 1, 31, 32, 33, 40, 63, 64, 65, 200] {
            let mut given: Vec<u8> = (0..=u8::MAX).take(len).collect();
            let bytes = [given.clone(), vec![0; 2 * PADDING]].concat();
            let padded = Padded::new(&mut given, len);
            assert_eq!(padded.bytes().len(), len);
            for (at, byte) in bytes.iter().enumerate().take(len + PADDING) {
                assert_eq!(padded.byte(at), *byte);
            }
            for at in 0..len {
                assert_eq!(padded.word(at).to_le_bytes(), bytes[at..at + 8]);
                assert_eq!(
                    padded.alike(at, bytes[at..].first_chunk().unwrap()),
                    u32::MAX
                );
            }
            assert_eq!(padded.part(700..900), b"");
        }
    }

    #[test]
    fn no_position_is_beyond() {
        for len in [0, 7, 64, 100] {
            let mut given = vec![7; len];
            let padded = Padded::new(&mut given, len);
            for beyond in [len, len + 99, 1 << 40, usize::MAX - 7, usize::MAX] {
                let found = padded.word(beyond).to_le_bytes();
                assert!(found.iter().all(|byte| [0, 7].contains(byte)));
                assert_eq!(padded.equal(beyond, 1), 0);
            }
        }
    }
}
