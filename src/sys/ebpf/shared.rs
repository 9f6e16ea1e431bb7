//! An array of the kernel in this process's memory. bpf(2) would keep programs at events from
//! running on its processor meanwhile, also while another thread has got that.

use std::os::fd::{AsRawFd as _, OwnedFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering};

use nix::errno::Errno;

const WORD: usize = size_of::<u64>();

/// The memory.
#[derive(Debug)]
pub(super) struct Shared {
    place: NonNull<AtomicU64>,
    /// Of a value and of all.
    value: usize,
    words: usize,
}

// SAFETY: the mapping is of the process and not of a thread, and stays until `Shared` is dropped;
// what is in it is reached as atomics alone.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    /// That of an array of so many values of so many bytes, which must be a multiple of eight.
    pub(super) fn new(map: &OwnedFd, bytes: usize, values: usize) -> Result<Self, Errno> {
        if !bytes.is_multiple_of(WORD) {
            return Err(Errno::EINVAL);
        }
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that is
        // mapped already.
        let place = unsafe {
            libc::mmap(
                ptr::null_mut(),
                bytes * values,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                map.as_raw_fd(),
                0,
            )
        };
        if place == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        Ok(Self {
            place: NonNull::new(place.cast()).ok_or(Errno::ENOMEM)?,
            value: bytes / WORD,
            words: bytes / WORD * values,
        })
    }

    /// The words of a value, none if there is no such one.
    fn words(&self, index: usize) -> &[AtomicU64] {
        // SAFETY: the mapping begins with a page, has so many words, which the kernel and this
        // process change as a whole each, and lives as long as `self`.
        let all = unsafe { std::slice::from_raw_parts(self.place.as_ptr(), self.words) };
        let from = index.saturating_mul(self.value);
        all.get(from..from.saturating_add(self.value))
            .unwrap_or_default()
    }

    /// Reads a value of its size; whether there is one.
    pub(super) fn read(&self, index: usize, value: &mut [u8]) -> bool {
        let words = self.words(index);
        for (to, word) in value.chunks_exact_mut(WORD).zip(words) {
            to.copy_from_slice(&word.load(Ordering::Relaxed).to_ne_bytes());
        }
        !words.is_empty()
    }

    /// Writes a value of its size; whether there is a place for it.
    pub(super) fn write(&self, index: usize, value: &[u8]) -> bool {
        let words = self.words(index);
        for (from, word) in value.chunks_exact(WORD).zip(words) {
            let bytes = from.try_into().unwrap_or_default();
            word.store(u64::from_ne_bytes(bytes), Ordering::Relaxed);
        }
        !words.is_empty()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: `new` made this mapping, and no reference into it outlives `self`.
        let _unmapped = unsafe { libc::munmap(self.place.as_ptr().cast(), self.words * WORD) };
    }
}
