//! Where the bytes of a block are that mean something.

use crate::sys::{BITS, LineMarks};

/// The bytes that structure a call: parentheses, strings, paths.
pub(super) const STRUCTURE: [u8; 4] = *b"()\"<";

/// The bits of a block, one for a byte: line ends and [`STRUCTURE`].
pub(super) type Marks = LineMarks;

/// The position of the first bit set at or behind `at`.
pub(super) fn next_bit(words: &[u64], at: usize) -> Option<usize> {
    let mut index = at / BITS;
    let mut word = words.get(index)? & (!0 << (at % BITS));
    while word == 0 {
        index += 1;
        word = *words.get(index)?;
    }
    Some(index * BITS + usize::try_from(word.trailing_zeros()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_next_bit(set in prop::collection::btree_set(0usize..300, 0..20), from in 0usize..400) {
            let mut words = vec![0u64; 5];
            for at in &set {
                words[at / BITS] |= 1 << (at % BITS);
            }
            prop_assert_eq!(next_bit(&words, from), set.range(from..).next().copied());
        }
    }
}
