//! Where the bytes of a block are that mean something.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

use crate::sys::{BITS, Planes, find_bytes};

/// The bytes that are marked, in the order of [`Plane`]; the last is put there afterwards.
const SOUGHT: [u8; 8] = *b"\n()\"<\\  ";

/// A kind of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plane {
    End,
    Open,
    Close,
    Quote,
    Angle,
    Backslash,
    Blank,
    /// Set from each quote that begins a string to before that which ends it, if the block began
    /// outside of strings and quotes are well matched.
    Inside,
}

/// The marks of a block.
#[derive(Debug, Default)]
pub(super) struct Marks {
    planes: Vec<Planes>,
    /// Where lines end, as far as [`Self::lines`]; there may be more than count.
    ends: Vec<u32>,
    lines: usize,
}

/// Words behind those of the block, so that a window can begin anywhere in it.
const SLACK: usize = 3;

impl Marks {
    /// Marks a block.
    #[inline(always)]
    pub(super) fn find(&mut self, block: &[u8]) {
        find_bytes(block, SOUGHT, &mut self.planes);
        self.find_ends_and_strings();
        let words = self.planes.len() + SLACK;
        self.planes.resize(words, Planes::default());
    }

    /// Where lines end and what is inside of strings.
    #[inline(always)]
    fn find_ends_and_strings(&mut self) {
        /// Line ends of 64 bytes that are taken at once; mostly there are fewer.
        const AT_ONCE: usize = 2;
        // Whether the last byte was a backslash that counts, and whether it was inside.
        let (mut escapes, mut carry) = (0, 0);
        let (mut count, mut base) = (0, 0);
        for planes in &mut self.planes {
            let backslashes = plane(planes, Plane::Backslash);
            let mut inside = plane(planes, Plane::Quote) & !escaped(backslashes, &mut escapes);
            // From here on each bit is that of all before it together.
            inside ^= inside << 1;
            inside ^= inside << 2;
            inside ^= inside << 4;
            inside ^= inside << 8;
            inside ^= inside << 16;
            inside ^= inside << 32;
            inside ^= carry;
            // All bits are as the last one.
            carry = (inside.cast_signed() >> 63).cast_unsigned();
            let mut bits = plane(planes, Plane::End);
            if let Some(last) = planes.last_mut() {
                *last = inside;
            }
            let here = index(bits.count_ones());
            if self.ends.len() < count + BITS {
                self.ends.resize(2 * count + 64 * BITS, 0);
            }
            // To write one too many costs less than to ask how many there are.
            if let Some([first, second]) = self.ends.get_mut(count..count + AT_ONCE) {
                *first = base + bits.trailing_zeros();
                bits &= bits.wrapping_sub(1);
                *second = base + bits.trailing_zeros();
                bits &= bits.wrapping_sub(1);
            }
            if bits != 0 {
                let room = self.ends.get_mut(count + AT_ONCE..).unwrap_or_default();
                for end in room.iter_mut().take(here - AT_ONCE) {
                    *end = base + bits.trailing_zeros();
                    bits &= bits.wrapping_sub(1);
                }
            }
            count += here;
            base += 64;
        }
        self.lines = count;
    }

    /// Where lines end.
    pub(super) fn ends(&self) -> &[u32] {
        self.ends.get(..self.lines).unwrap_or_default()
    }

    /// What is looked at line by line.
    #[inline(always)]
    pub(super) fn view(&self) -> View<'_> {
        View {
            planes: &self.planes,
        }
    }
}

/// The marks of a block, as lines are looked at with.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    planes: &'a [Planes],
}

impl View<'_> {
    /// The first byte at or behind `at` that structures a call: a parenthesis, a quote, a `<`.
    pub(super) fn structure(self, at: usize) -> Option<usize> {
        let mut word = at / BITS;
        let mut skip = !0 << (at % BITS);
        loop {
            let planes = self.planes.get(word)?;
            let [_, open, close, quote, angle, ..] = planes;
            let bits = (open | close | quote | angle) & skip;
            if bits != 0 {
                return Some(word * BITS + index(bits.trailing_zeros()));
            }
            skip = !0;
            word += 1;
        }
    }

    #[inline(always)]
    fn window(self, which: Plane, at: usize) -> u64 {
        let Some([low, high]) = self.planes.get(at / BITS..at / BITS + 2) else {
            return 0;
        };
        shifted(plane(low, which), plane(high, which), at % BITS)
    }

    /// The opening parentheses in the 64 bytes from `at` on.
    #[inline(always)]
    pub(super) fn opening(self, at: usize) -> u64 {
        self.window(Plane::Open, at)
    }

    /// The closing parentheses in the 64 bytes from `at` on.
    #[inline(always)]
    pub(super) fn closing(self, at: usize) -> u64 {
        self.window(Plane::Close, at)
    }

    /// How many blanks there are from `at` on, up to 64.
    #[inline(always)]
    pub(super) fn blanks(self, at: usize) -> usize {
        index((!self.window(Plane::Blank, at)).trailing_zeros())
    }

    /// What stands in the 64 bytes from `at` on.
    #[inline(always)]
    pub(super) fn look(self, at: usize) -> Option<Window> {
        let (word, by) = (at / BITS, at % BITS);
        let [low, high] = self.planes.get(word..word + 2)?.first_chunk()?;
        let of = |which| shifted(plane(low, which), plane(high, which), by);
        let odd = |planes: &Planes| plane(planes, Plane::Angle) | plane(planes, Plane::Backslash);
        let (inside, open) = (of(Plane::Inside), of(Plane::Open));
        Some(Window {
            inside,
            open,
            close: of(Plane::Close),
            odd: open | shifted(odd(low), odd(high), by),
            blank: of(Plane::Blank),
        })
    }

    /// Whether the marks take what stands at `at` for a string, all bits or none.
    #[inline(always)]
    pub(super) fn inside(self, at: usize) -> u64 {
        let planes = self.planes.get(at / BITS);
        let inside = planes.map_or(0, |planes| plane(planes, Plane::Inside));
        0u64.wrapping_sub((inside >> (at % BITS)) & 1)
    }

    /// How long the arguments are that begin at `at` and end before `end`, if they are plain: no
    /// parentheses, paths and escapes but in strings.
    #[inline(always)]
    pub(super) fn plain_arguments(self, at: usize, end: usize) -> Option<usize> {
        // The block's marks may take for a string what is outside of this line's.
        let was_inside = self.inside(at.checked_sub(1)?);
        let mut from = at;
        while from < end {
            if let Some(close) = self.look(from)?.close(was_inside)? {
                return Some(from + close - at).filter(|len| at + len < end);
            }
            from += BITS;
        }
        None
    }

    /// Where the first string in the 64 bytes from `at` on begins, which are outside of strings.
    pub(super) fn first_string(self, at: usize) -> Option<usize> {
        let quotes = self.window(Plane::Quote, at);
        (quotes != 0).then(|| at + index(quotes.trailing_zeros()))
    }

    /// Whether there are but two quotes, with no escape before one, from `from` to `to`.
    pub(super) fn one_string(self, from: usize, to: usize) -> bool {
        let mut at = from;
        let mut quotes = 0;
        while at < to {
            let here = self.window(Plane::Quote, at) & below(to - at);
            quotes += here.count_ones();
            at += BITS;
        }
        quotes == 2
    }
}

/// What stands in 64 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// Strings, with the quotes that begin them, or all that is none.
    inside: u64,
    open: u64,
    close: u64,
    /// What has to be looked at more closely where it is in no string.
    odd: u64,
    blank: u64,
}

impl Window {
    /// Where the first closing parenthesis outside of strings is, if all before it is plain.
    /// `None` in `Some` if there is none; `was_inside` is [`View::inside`] of what is before.
    #[inline(always)]
    #[expect(
        clippy::option_option,
        reason = "not there is something else than not plain"
    )]
    pub(super) fn close(&self, was_inside: u64) -> Option<Option<usize>> {
        let outside = !(self.inside ^ was_inside);
        let close = self.close & outside;
        // All up to it, or all 64.
        let upto = close ^ close.wrapping_sub(1);
        if self.odd & outside & upto != 0 {
            return None;
        }
        Some((close != 0).then(|| index(close.trailing_zeros())))
    }

    /// The first byte behind `at` that is no blank.
    #[inline(always)]
    pub(super) fn behind_blanks(&self, at: usize) -> usize {
        at + 1 + index((!((self.blank >> (at % BITS)) >> 1)).trailing_zeros())
    }

    /// Whether there is an opening parenthesis from `from` to `to`.
    #[inline(always)]
    pub(super) fn opens(&self, from: usize, to: usize) -> bool {
        self.open & below(to) & !below(from) != 0
    }
}

/// The first `count` bits.
#[inline(always)]
fn below(count: usize) -> u64 {
    match u32::try_from(count) {
        Ok(count) => 1u64.checked_shl(count).map_or(!0, |bit| bit - 1),
        Err(_) => !0,
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

#[inline(always)]
const fn plane(planes: &Planes, which: Plane) -> u64 {
    let [end, open, close, quote, angle, backslash, blank, inside] = *planes;
    match which {
        Plane::End => end,
        Plane::Open => open,
        Plane::Close => close,
        Plane::Quote => quote,
        Plane::Angle => angle,
        Plane::Backslash => backslash,
        Plane::Blank => blank,
        Plane::Inside => inside,
    }
}

/// 64 bits of two words from bit `by` on, which is below 64.
#[inline(always)]
const fn shifted(low: u64, high: u64, by: usize) -> u64 {
    (low >> by) | ((high << 1) << (BITS - 1 - by))
}

#[inline(always)]
fn index(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marks(block: &[u8]) -> Marks {
        let mut marks = Marks::default();
        marks.find(block);
        marks
    }

    fn block() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop::sample::select(b"()\"\"<>\n\\\\\\ ,a0".to_vec());
        prop::collection::vec(byte, 0..500)
    }

    proptest! {
        #[test]
        fn line_ends(block in block()) {
            let found: Vec<usize> = marks(&block)
                .ends()
                .iter()
                .map(|end| usize::try_from(*end).unwrap())
                .collect();
            let plain: Vec<usize> = (0..block.len()).filter(|at| block[*at] == b'\n').collect();
            prop_assert_eq!(found, plain);
        }

        #[test]
        fn the_next_structure(block in block(), from in 0usize..600) {
            let plain = (from..block.len()).find(|at| b"()\"<".contains(&block[*at]));
            prop_assert_eq!(marks(&block).view().structure(from), plain);
        }

        #[test]
        fn blanks(block in block(), from in 0usize..500) {
            let rest = block.get(from..).unwrap_or_default();
            let plain = rest.iter().take(64).take_while(|byte| **byte == b' ').count();
            prop_assert_eq!(marks(&block).view().blanks(from), plain);
        }

        /// Where the marks say that arguments are plain, they are so byte by byte.
        #[test]
        fn plain_arguments(block in block(), from in 1usize..500) {
            let marks = marks(&block);
            let marks = marks.view();
            // What begins with an escape is no argument, but text behind a `(` or `>`.
            prop_assume!(block.get(from - 1) != Some(&b'\\'));
            if let Some(len) = marks.plain_arguments(from, block.len()) {
                let (mut inside, mut at) = (false, from);
                loop {
                    match block[at] {
                        b'\\' if inside => at += 1,
                        b'"' => inside = !inside,
                        b')' if !inside => break,
                        b'(' | b'<' | b'\\' => prop_assert!(inside),
                        _ => {}
                    }
                    at += 1;
                }
                prop_assert_eq!(len, at - from);
            }
        }

        #[test]
        fn the_only_string(block in block(), from in 0usize..500, to in 0usize..500) {
            let marks = marks(&block);
            let marks = marks.view();
            let to = to.min(block.len());
            let part = block.get(from..to).unwrap_or_default();
            let pieces = part.split(|byte| *byte == b'"').count();
            prop_assert_eq!(marks.one_string(from, to), pieces == 3);
            let rest = block.get(from..).unwrap_or_default();
            let first = rest.iter().take(64).position(|byte| *byte == b'"');
            prop_assert_eq!(marks.first_string(from), first.map(|first| from + first));
        }
    }
}
