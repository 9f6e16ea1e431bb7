//! What the kernel shows of its own memory as a file of sysfs, without copying it.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::ptr::{self, NonNull};

/// The bytes of such a file.
#[derive(Debug)]
pub(crate) enum Bytes {
    Mapped(Mapped),
    /// Kernels before 6.16 do not map them, and give a page a time.
    Read(Vec<u8>),
}

/// Bytes of the kernel.
#[derive(Debug)]
pub(crate) struct Mapped {
    place: NonNull<u8>,
    length: usize,
}

impl Bytes {
    /// Those of a file.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = usize::try_from(file.metadata()?.len()).unwrap_or_default();
        if let Some(mapped) = Mapped::of(&file, length) {
            return Ok(Self::Mapped(mapped));
        }
        std::fs::read(path).map(Self::Read)
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(mapped) => mapped.bytes(),
            Self::Read(bytes) => bytes,
        }
    }
}

impl Mapped {
    fn of(file: &File, length: usize) -> Option<Self> {
        if length == 0 || !is_of_sysfs(file) {
            return None;
        }
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that is
        // mapped already.
        let place = unsafe {
            libc::mmap(
                ptr::null_mut(),
                length,
                libc::PROT_READ,
                libc::MAP_PRIVATE,
                file.as_raw_fd(),
                0,
            )
        };
        if place == libc::MAP_FAILED {
            return None;
        }
        NonNull::new(place.cast()).map(|place| Self { place, length })
    }

    const fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping has so many bytes and lives as long as `self`. It is of sysfs, so
        // it shows memory of the kernel that nobody cuts, and it is mapped for reading alone: of
        // the files that can be mapped so, the one that is asked for never changes.
        unsafe { std::slice::from_raw_parts(self.place.as_ptr(), self.length) }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: `of` made this mapping, and no reference into it outlives `self`.
        let _unmapped = unsafe { libc::munmap(self.place.as_ptr().cast(), self.length) };
    }
}

/// Whether nobody but the kernel can change or cut a file.
fn is_of_sysfs(file: &File) -> bool {
    // SAFETY: all zeros is a value of `statfs`, which is made of numbers.
    let mut about: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: `about` has room for what the kernel writes, and lives through the call.
    let answer = unsafe { libc::fstatfs(file.as_raw_fd(), &raw mut about) };
    answer == 0 && about.f_type == libc::SYSFS_MAGIC
}
