//! Descriptors that system calls make.

use std::os::fd::{FromRawFd as _, OwnedFd};

use libc::{c_int, c_long};
use nix::errno::Errno;

/// The one that a system call has just made, by its answer.
pub(super) fn made(answer: c_long) -> Result<OwnedFd, Errno> {
    let fd = c_int::try_from(Errno::result(answer)?).map_err(|_too_large| Errno::EOVERFLOW)?;
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
