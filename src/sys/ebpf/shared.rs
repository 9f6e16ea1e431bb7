//! An array of the kernel in this process's memory. bpf(2) would keep programs at events from
//! running on its processor meanwhile, also while another thread has got that.

use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::ptr::{self, NonNull};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::errno::Errno;

const WORD: usize = size_of::<u64>();
/// Bytes that are mapped at once, a multiple of the size of pages. Most arrays are hardly used,
/// and each page that is mapped costs time here, at each fork and at the end.
const PART: usize = 1 << 17;
const PART_WORDS: usize = PART / WORD;

/// The memory.
#[derive(Debug)]
pub(super) struct Shared {
    /// Those that were needed so far.
    parts: Vec<OnceLock<Part>>,
    /// Of a value and of all.
    value: usize,
    words: usize,
}

impl Shared {
    /// That of an array of so many values of so many bytes, which must be a multiple of eight.
    pub(super) fn new(map: &impl AsFd, bytes: usize, values: usize) -> Result<Self, Errno> {
        if !bytes.is_multiple_of(WORD) {
            return Err(Errno::EINVAL);
        }
        let words = bytes / WORD * values;
        let parts = words.div_ceil(PART_WORDS);
        let shared = Self {
            parts: (0..parts).map(|_| OnceLock::new()).collect(),
            value: bytes / WORD,
            words,
        };
        // What can't be mapped is known from the start.
        shared.part(map.as_fd(), 0)?;
        Ok(shared)
    }

    /// The words of a part, none if there is no such one.
    fn part(&self, map: BorrowedFd<'_>, number: usize) -> Result<&[AtomicU64], Errno> {
        let Some(known) = self.parts.get(number) else {
            return Ok(&[]);
        };
        if known.get().is_none() {
            let from = number * PART_WORDS;
            let made = Part::new(map, from, (self.words - from).min(PART_WORDS))?;
            // Another thread's does as well.
            drop(known.set(made));
        }
        Ok(known.get().map_or(&[], Part::words))
    }

    /// Goes through the words of a value; whether there is one.
    fn each(
        &self,
        map: &impl AsFd,
        index: usize,
        mut what: impl FnMut(&[AtomicU64]),
    ) -> Result<bool, Errno> {
        let mut at = index.saturating_mul(self.value);
        let end = at.saturating_add(self.value);
        if end > self.words {
            return Ok(false);
        }
        while at < end {
            let (number, within) = (at / PART_WORDS, at % PART_WORDS);
            let length = (end - at).min(PART_WORDS - within);
            let part = self.part(map.as_fd(), number)?;
            what(part.get(within..within + length).unwrap_or_default());
            at += length;
        }
        Ok(true)
    }

    /// Reads a value of its size; whether there is one.
    pub(super) fn read(
        &self,
        map: &impl AsFd,
        index: usize,
        value: &mut [u8],
    ) -> Result<bool, Errno> {
        let mut to = value.chunks_exact_mut(WORD);
        self.each(map, index, |words| {
            for (word, to) in words.iter().zip(to.by_ref()) {
                to.copy_from_slice(&word.load(Ordering::Relaxed).to_ne_bytes());
            }
        })
    }

    /// Writes a value of its size; whether there is a place for it.
    pub(super) fn write(&self, map: &impl AsFd, index: usize, value: &[u8]) -> Result<bool, Errno> {
        let mut from = value.chunks_exact(WORD);
        self.each(map, index, |words| {
            for (word, from) in words.iter().zip(from.by_ref()) {
                let bytes = from.try_into().unwrap_or_default();
                word.store(u64::from_ne_bytes(bytes), Ordering::Relaxed);
            }
        })
    }
}

/// A mapping of some of it.
#[derive(Debug)]
struct Part {
    place: NonNull<AtomicU64>,
    words: usize,
}

// SAFETY: it is memory that belongs to no thread, and its words are changed as a whole each.
unsafe impl Send for Part {}
// SAFETY: likewise.
unsafe impl Sync for Part {}

impl Part {
    /// Maps so many words from one on, with which a page begins.
    fn new(map: BorrowedFd<'_>, from: usize, words: usize) -> Result<Self, Errno> {
        let offset = i64::try_from(from * WORD).map_err(|_too_large| Errno::EOVERFLOW)?;
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that is
        // mapped already.
        let place = unsafe {
            libc::mmap(
                ptr::null_mut(),
                words * WORD,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                map.as_raw_fd(),
                offset,
            )
        };
        if place == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        let place = NonNull::new(place.cast()).ok_or(Errno::ENOMEM)?;
        Ok(Self { place, words })
    }

    const fn words(&self) -> &[AtomicU64] {
        // SAFETY: the mapping begins with a page, has so many words, which the kernel and this
        // process change as a whole each, and lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.place.as_ptr(), self.words) }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // SAFETY: `new` made this mapping, and no reference into it outlives `self`.
        let _unmapped = unsafe { libc::munmap(self.place.as_ptr().cast(), self.words * WORD) };
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    /// Values that lie across parts, in a file in place of an array.
    #[test]
    fn values_across_parts() {
        const BYTES: usize = 15_872;
        const VALUES: usize = 100;
        let file = tempfile::tempfile().unwrap();
        File::set_len(&file, u64::try_from(BYTES * VALUES).unwrap()).unwrap();
        let shared = Shared::new(&file, BYTES, VALUES).unwrap();
        let value = |index: usize| -> Vec<u8> {
            (0..BYTES)
                .map(|at| (at / 7 + index).to_le_bytes()[0])
                .collect()
        };
        for index in 0..VALUES {
            assert_eq!(shared.write(&file, index, &value(index)), Ok(true));
        }
        let again = Shared::new(&file, BYTES, VALUES).unwrap();
        for index in (0..VALUES).rev() {
            let mut read = vec![0; BYTES];
            assert_eq!(again.read(&file, index, &mut read), Ok(true));
            assert!(read == value(index), "{index}");
        }
        assert_eq!(again.read(&file, VALUES, &mut [0; BYTES]), Ok(false));
        assert_eq!(again.read(&file, usize::MAX, &mut [0; BYTES]), Ok(false));
    }
}
