//! The names of calls and of errors that a fast look knows, each with a small number.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

use std::sync::LazyLock;

use super::spelling::Role;
use crate::arch::Arch;
use crate::event::Errno;
use crate::syscalls::{closed_set_arguments, table};

/// The number of a name in [`calls`].
pub(super) type CallWord = u16;

/// Words found by their bytes. Built once; a look costs one comparison mostly.
#[derive(Debug)]
pub(super) struct Words {
    all: Vec<&'static str>,
    cells: Vec<Cell>,
    /// Whether a call of the name may show the header of an ELF file, by number.
    reads: Vec<bool>,
}

/// A place for a word.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    key: Key,
    /// Its number and one; 0 if there is none.
    word: u16,
}

/// Length, first and last eight bytes, which is all of a word of up to 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Key {
    first: u64,
    last: u64,
    len: usize,
}

/// Cells; a power of two, several times as many as there are words.
const CELLS: usize = 4096;

impl Key {
    /// The key of the `len` bytes at `at`, or `None` if they are none of a word.
    #[inline(always)]
    fn at(bytes: &[u8], at: usize, len: usize) -> Option<Self> {
        if len == 0 || len > 32 {
            return None;
        }
        let first = load(bytes, at);
        if len >= 8 {
            let last = load(bytes, at + len - 8);
            return Some(Self { first, last, len });
        }
        let first = first & (u64::MAX >> (64 - 8 * len));
        Some(Self {
            first,
            last: 0,
            len,
        })
    }

    #[inline(always)]
    fn cell(self) -> usize {
        /// Spreads what differs in any byte over the upper bits.
        const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = (self.first ^ self.last.rotate_left(29)).wrapping_mul(MIX);
        usize::try_from(mixed >> 52).unwrap_or_default() % CELLS
    }
}

/// Eight bytes, the first the lowest; zeros behind the end.
#[inline(always)]
pub(super) fn load(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    if let Some(chunk) = rest.first_chunk() {
        return u64::from_le_bytes(*chunk);
    }
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    u64::from_le_bytes(last)
}

impl Words {
    fn new(mut words: Vec<&'static str>) -> Self {
        words.sort_unstable();
        words.dedup();
        let mut cells = vec![Cell::default(); CELLS];
        for (nth, word) in words.iter().enumerate() {
            let (Some(key), Ok(number)) = (
                Key::at(word.as_bytes(), 0, word.len()),
                u16::try_from(nth + 1),
            ) else {
                continue;
            };
            let mut at = key.cell();
            while cells.get(at).is_some_and(|cell| cell.word != 0) {
                at = (at + 1) % CELLS;
            }
            if let Some(cell) = cells.get_mut(at) {
                *cell = Cell { key, word: number };
            }
        }
        let reads = words.iter().map(|word| Role::of(word) == Role::Read);
        Self {
            reads: reads.collect(),
            all: words,
            cells,
        }
    }

    /// The number of the word of `len` bytes at `at`.
    #[inline(always)]
    pub(super) fn find(&self, bytes: &[u8], at: usize, len: usize) -> Option<u16> {
        let key = Key::at(bytes, at, len)?;
        let mut cell = key.cell();
        loop {
            let found = self.cells.get(cell)?;
            if found.word == 0 {
                return None;
            }
            if found.key == key && (len <= 16 || self.is(found.word - 1, bytes.get(at..at + len)?))
            {
                return Some(found.word - 1);
            }
            cell = (cell + 1) % CELLS;
        }
    }

    fn is(&self, word: u16, text: &[u8]) -> bool {
        self.get(word).is_some_and(|word| word.as_bytes() == text)
    }

    /// The word with a number.
    pub(super) fn get(&self, word: u16) -> Option<&'static str> {
        self.all.get(usize::from(word)).copied()
    }

    /// Whether a call of this name may show the header of an ELF file.
    #[inline]
    pub(super) fn reads(&self, word: u16) -> bool {
        self.reads.get(usize::from(word)) == Some(&true)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}

/// The names of calls that change nothing in who runs what, so that a line of one stands for
/// itself.
pub(super) fn calls() -> &'static Words {
    static WORDS: LazyLock<Words> = LazyLock::new(|| {
        let names = Arch::ALL.into_iter().flat_map(|arch| table(arch).iter());
        let plain = |name: &&'static str| match Role::of(name) {
            Role::Exec | Role::Fork | Role::ArchPrctl => false,
            Role::Read | Role::Exit | Role::Memory | Role::Other => true,
        };
        Words::new(names.map(|(name, _)| name).filter(plain).collect())
    });
    &WORDS
}

/// Whether arguments of a call are worth keeping, by the call's number.
pub(super) fn keeps_arguments() -> &'static [bool] {
    static KEEPS: LazyLock<Vec<bool>> = LazyLock::new(|| {
        let words = &calls().all;
        let keeps = |name: &&'static str| !closed_set_arguments(Arch::X86_64, name).is_empty();
        words.iter().map(keeps).collect()
    });
    &KEEPS
}

/// The names of errors.
pub(super) fn errors() -> &'static Words {
    /// The highest number of include/uapi/asm-generic/errno.h is 133.
    const HIGHEST: u16 = 133;
    static NAMES: LazyLock<Vec<Errno>> =
        LazyLock::new(|| (1..=HIGHEST).map(Errno::numbered).collect());
    static WORDS: LazyLock<Words> = LazyLock::new(|| {
        let names = NAMES.iter().map(Errno::as_str);
        Words::new(names.filter(|name| Errno::named(name).is_some()).collect())
    });
    &WORDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_and_others_are_not() {
        for words in [calls(), errors()] {
            assert!(words.len() > 100);
            for (nth, word) in words.all.iter().enumerate() {
                let padded = format!("..{word}=========");
                let found = words.find(padded.as_bytes(), 2, word.len());
                assert_eq!(found, u16::try_from(nth).ok(), "{word}");
                assert_eq!(words.find(word.as_bytes(), 0, word.len()), found, "{word}");
                for other in [
                    format!("{word}x"),
                    format!("x{word}"),
                    word.to_uppercase() + "_",
                ] {
                    let found = words.find(other.as_bytes(), 0, other.len());
                    let known = words.all.binary_search(&other.as_str()).ok();
                    assert_eq!(found.map(usize::from), known, "{other}");
                }
            }
        }
        assert_eq!(calls().find(b"", 0, 0), None);
        assert_eq!(calls().find(b"execve(", 0, 6), None);
        assert_eq!(calls().find(&[b'a'; 99], 0, 60), None);
    }
}
