//! The names of calls and of errors that a fast look knows, each with a small number.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

use std::sync::LazyLock;

use super::spelling::Role;
use crate::arch::Arch;
use crate::event::Errno;
use crate::sys::{Padded, Vectors};
use crate::syscalls::table;

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

/// The bytes of a word, with zeros behind, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Key {
    low: u64,
    high: u64,
    len: u32,
}

/// Cells; several times as many as there are words.
const CELLS: usize = 4096;
/// Bytes in a key. Longer words are few and searched for.
const KEY: usize = 16;

/// What leaves of 16 bytes the first so many.
const FIRST: [(u64, u64); KEY + 1] = {
    let mut masks = [(0, 0); KEY + 1];
    let mut rest: &mut [(u64, u64)] = &mut masks;
    let (mut low, mut high) = (0, 0);
    while let [mask, behind @ ..] = rest {
        *mask = (low, high);
        if low == u64::MAX {
            high = (high << 8) | 0xff;
        } else {
            low = (low << 8) | 0xff;
        }
        rest = behind;
    }
    masks
};

impl Key {
    /// The key of the `len` bytes at `at`; `None` if they are too many.
    #[inline(always)]
    fn at(text: Padded<'_, impl Vectors>, at: usize, len: usize) -> Option<Self> {
        let (low, high) = *FIRST.get(len)?;
        Some(Self {
            low: text.word(at) & low,
            high: text.word(at + 8) & high,
            len: u32::try_from(len).unwrap_or(u32::MAX),
        })
    }

    #[inline(always)]
    fn cell(self) -> usize {
        /// Spreads what differs in any byte over the upper bits.
        const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = (self.low ^ self.high.rotate_left(29)).wrapping_mul(MIX);
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
            let mut text = word.as_bytes().to_vec();
            let key = Key::at(Padded::new(&mut text, word.len()), 0, word.len());
            let (Some(key), Ok(number)) = (key, u16::try_from(nth + 1)) else {
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
    pub(super) fn find(
        &self,
        text: Padded<'_, impl Vectors>,
        at: usize,
        len: usize,
    ) -> Option<u16> {
        let Some(key) = Key::at(text, at, len) else {
            return self.find_long(text.part(at..at + len));
        };
        let mut cell = key.cell();
        loop {
            let found = self.cells.get(cell)?;
            if found.word == 0 {
                return None;
            }
            if found.key == key {
                return Some(found.word - 1);
            }
            cell = (cell + 1) % CELLS;
        }
    }

    #[cold]
    fn find_long(&self, text: &[u8]) -> Option<u16> {
        /// None is longer.
        const LONGEST: usize = 32;
        if text.len() > LONGEST {
            return None;
        }
        self.number(std::str::from_utf8(text).ok()?)
    }

    /// The number of a word.
    pub(super) fn number(&self, word: &str) -> Option<u16> {
        u16::try_from(self.all.binary_search(&word).ok()?).ok()
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

    fn find(words: &Words, text: &[u8], at: usize, len: usize) -> Option<u16> {
        let mut bytes = text.to_vec();
        words.find(Padded::new(&mut bytes, text.len()), at, len)
    }

    #[test]
    fn words_are_found_and_others_are_not() {
        for words in [calls(), errors()] {
            assert!(words.len() > 100);
            for (nth, word) in words.all.iter().enumerate() {
                let padded = format!("..{word}=========");
                let found = find(words, padded.as_bytes(), 2, word.len());
                assert_eq!(found, u16::try_from(nth).ok(), "{word}");
                assert_eq!(find(words, word.as_bytes(), 0, word.len()), found, "{word}");
                for other in [
                    format!("{word}x"),
                    format!("x{word}"),
                    word.to_uppercase() + "_",
                ] {
                    let found = find(words, other.as_bytes(), 0, other.len());
                    let known = words.all.binary_search(&other.as_str()).ok();
                    assert_eq!(found.map(usize::from), known, "{other}");
                }
            }
        }
        assert_eq!(find(calls(), b"", 0, 0), None);
        assert_eq!(find(calls(), b"execve(", 0, 6), None);
        assert_eq!(find(calls(), &[b'a'; 99], 0, 60), None);
    }
}
