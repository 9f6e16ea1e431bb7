//! Where the bytes of a block are that structure its lines.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

use super::usual::AHEAD;
use crate::sys::{BITS, Planes, Take, Vectors, Work, find_bytes, with_wide_instructions};

/// The bytes that are looked for.
const SOUGHT: [u8; 6] = *b"\n()<\\\"";

/// The marks of a block: its line ends, and what is outside of strings of parentheses, `<` and
/// `\`, in the order in which they stand there. Each line begins outside of strings.
#[derive(Debug, Default)]
pub(super) struct Marks {
    at: Vec<u32>,
    /// How many of these count.
    len: usize,
    /// There are control characters other than line ends.
    controls: bool,
}

/// What goes on from 64 bytes to the next.
struct Finder<'a> {
    /// Room for the marks, one for each byte.
    room: &'a mut [u32],
    /// How many are there.
    count: usize,
    carry: Carry,
}

#[derive(Debug, Clone, Copy, Default)]
struct Carry {
    base: u32,
    /// Whether the next byte is one that a backslash stands before, 1 or 0.
    escapes: u64,
    /// Whether the last byte was inside a string, all bits or none.
    inside: u64,
}

/// Bytes for which room is made at once.
const PIECE: usize = 128 * BITS;

impl Marks {
    /// Marks a block.
    pub(super) fn find(&mut self, block: &[u8]) {
        with_wide_instructions(Find { marks: self, block });
    }

    /// Where they are, and as many behind all of them as may be looked at.
    pub(super) fn all(&self) -> &[u32] {
        self.at.get(..self.len + AHEAD).unwrap_or_default()
    }

    /// Whether there are control characters other than line ends.
    pub(super) const fn controls(&self) -> bool {
        self.controls
    }
}

/// A look at a block.
struct Find<'a> {
    marks: &'a mut Marks,
    block: &'a [u8],
}

impl Work for Find<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self, vectors: impl Vectors) {
        let Marks { at, len, controls } = self.marks;
        let mut carry = Carry::default();
        *len = 0;
        *controls = false;
        for piece in self.block.chunks(PIECE) {
            let room = *len + PIECE + BITS + AHEAD;
            if at.len() < room {
                at.resize(2 * room, 0);
            }
            let mut finder = Finder {
                room: at.get_mut(*len..).unwrap_or_default(),
                count: 0,
                carry,
            };
            *controls |= find_bytes(piece, SOUGHT, &mut finder, vectors);
            *len += finder.count;
            carry = finder.carry;
        }
        at.resize(at.len().max(AHEAD), 0);
        let behind = at.iter_mut().skip(*len);
        behind.take(AHEAD).for_each(|mark| *mark = u32::MAX);
    }
}

impl Take for Finder<'_> {
    #[inline(always)]
    fn take(&mut self, planes: Planes, vectors: impl Vectors) {
        let [ends, open, close, angle, backslashes, quotes] = planes;
        let quotes = quotes & !escaped(backslashes, &mut self.carry.escapes);
        let mut inside = vectors.odd(quotes) ^ self.carry.inside;
        // A string that has no end on its line.
        while ends & inside != 0 {
            inside ^= !0 << (ends & inside).trailing_zeros();
        }
        // All bits are as the last one.
        self.carry.inside = (inside.cast_signed() >> 63).cast_unsigned();
        let outside = (open | close | angle | backslashes) & !inside;
        self.push(ends | outside, vectors);
        self.carry.base = self.carry.base.wrapping_add(64);
    }
}

impl Finder<'_> {
    #[inline(always)]
    fn push(&mut self, bits: u64, vectors: impl Vectors) {
        let room = self.room.get_mut(self.count..);
        let Some(room) = room.and_then(<[u32]>::first_chunk_mut::<BITS>) else {
            return;
        };
        self.count += position(bits.count_ones());
        vectors.positions(bits, self.carry.base, room);
    }
}

/// The bytes that a backslash stands for, in a run of them each second one. `last` is whether
/// the first of the 64 bytes is one, 1 or 0, and then whether the first of the next is.
///
/// Subtracting lets the begin of each run of backslashes carry through it; what it leaves at odd
/// and at even places tells the second ones, as in the escape scanner of simdjson.
#[inline(always)]
const fn escaped(backslashes: u64, last: &mut u64) -> u64 {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    let begins = backslashes & !*last;
    let carried = ((begins << 1) | ODD).wrapping_sub(begins) ^ ODD;
    let escaped = carried ^ (backslashes | *last);
    *last = (carried & backslashes) >> 63;
    escaped
}

/// A mark, or a number of them, as a position.
#[inline(always)]
pub(super) fn position(mark: u32) -> usize {
    usize::try_from(mark).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Byte by byte, as it is meant.
    fn plain(block: &[u8]) -> Vec<usize> {
        let (mut marks, mut inside, mut escaped) = (Vec::new(), false, false);
        for (at, byte) in block.iter().enumerate() {
            if *byte == b'\n' || (!inside && b"()<\\".contains(byte)) {
                marks.push(at);
            }
            match byte {
                b'\n' => inside = false,
                b'"' => inside ^= !escaped,
                _ => {}
            }
            escaped = *byte == b'\\' && !escaped;
        }
        marks
    }

    fn found(marks: &Marks) -> Vec<usize> {
        let own = marks.all().len() - AHEAD;
        marks.all()[..own].iter().map(|at| position(*at)).collect()
    }

    proptest! {
        #[test]
        fn as_byte_by_byte(block in prop::collection::vec(
            prop::sample::select(b"()\"\"\"<>\n\\\\\\ ,a0".to_vec()), 0..900)) {
            let mut marks = Marks::default();
            marks.find(&block);
            prop_assert_eq!(found(&marks), plain(&block));
        }

        #[test]
        fn where_few_are_strings(block in prop::collection::vec(
            prop_oneof![20 => Just(b'a'), 1 => prop::sample::select(b"()\"<\n\\".to_vec())], 0..900)) {
            let mut marks = Marks::default();
            marks.find(b"(((\"");
            marks.find(&block);
            prop_assert_eq!(found(&marks), plain(&block));
        }
    }
}
