//! A file descriptor left in a socket for another process, which takes it if it needs it.

use std::mem::zeroed;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::ptr;

use libc::{c_int, c_uint};
use nix::errno::Errno;

/// Room for one descriptor and its header, aligned as the header is.
#[repr(C)]
union Control {
    header: libc::cmsghdr,
    bytes: [u8; CONTROL as usize],
}

/// The type that the C library gives to lengths of control parts.
#[cfg(target_env = "gnu")]
type Length = usize;
#[cfg(not(target_env = "gnu"))]
type Length = libc::socklen_t;

/// The size of the control part.
const CONTROL: u8 = 64;

/// Runs `with` on a message of one byte with room for a descriptor beside it.
fn message<T>(with: impl FnOnce(&mut libc::msghdr) -> T) -> T {
    let mut byte = [0_u8];
    let mut part = libc::iovec {
        iov_base: byte.as_mut_ptr().cast(),
        iov_len: 1,
    };
    let mut control = Control {
        bytes: [0; CONTROL as usize],
    };
    // SAFETY: all zeros is a value of `msghdr`: null pointers and numbers.
    let mut message: libc::msghdr = unsafe { zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = (&raw mut control).cast();
    message.msg_controllen = CONTROL as Length;
    with(&mut message)
}

/// Leaves a copy of `fd`.
pub(crate) fn leave(socket: &UnixDatagram, fd: BorrowedFd<'_>) -> Result<(), Errno> {
    message(|message| {
        let size = c_uint::try_from(size_of::<c_int>()).unwrap_or_default();
        // SAFETY: computes a number.
        let space = unsafe { libc::CMSG_SPACE(size) };
        // SAFETY: computes a number.
        let length = unsafe { libc::CMSG_LEN(size) };
        message.msg_controllen = space as Length;
        // SAFETY: `message` is complete, and its control part has room for a header.
        let header = unsafe { libc::CMSG_FIRSTHDR(message) };
        // SAFETY: all zeros is a value of `cmsghdr`, which is made of numbers.
        let mut head: libc::cmsghdr = unsafe { zeroed() };
        head.cmsg_len = length as Length;
        head.cmsg_level = libc::SOL_SOCKET;
        head.cmsg_type = libc::SCM_RIGHTS;
        // SAFETY: `header` points into the control part, which is aligned for it.
        unsafe { ptr::write(header, head) };
        // SAFETY: `header` has just been filled.
        let data = unsafe { libc::CMSG_DATA(header) };
        // SAFETY: the control part has 64 bytes, enough for the header and one number, which
        // may be unaligned.
        unsafe { ptr::write_unaligned(data.cast::<c_int>(), fd.as_raw_fd()) };
        // SAFETY: `message` and all that it points to live through the call.
        let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), message, libc::MSG_DONTWAIT) };
        Errno::result(sent).map(drop)
    })
}

/// Takes what was left, if anything.
pub(super) fn take(socket: &UnixDatagram) -> Option<OwnedFd> {
    message(|message| {
        let flags = libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC;
        // SAFETY: `message` and all that it points to live through the call.
        let read = unsafe { libc::recvmsg(socket.as_raw_fd(), message, flags) };
        Errno::result(read).ok()?;
        // SAFETY: the kernel has filled `message`; the answer is null if nothing came with it.
        let header = unsafe { libc::CMSG_FIRSTHDR(message) };
        // SAFETY: not null means that it points to a header in the control part.
        let head = unsafe { header.as_ref() }?;
        if (head.cmsg_level, head.cmsg_type) != (libc::SOL_SOCKET, libc::SCM_RIGHTS) {
            return None;
        }
        // SAFETY: a header of this type is followed by at least one descriptor.
        let data = unsafe { libc::CMSG_DATA(header) };
        // SAFETY: as above; it may be unaligned.
        let fd = unsafe { ptr::read_unaligned(data.cast::<c_int>()) };
        // SAFETY: the kernel has just opened it for us alone.
        Some(unsafe { OwnedFd::from_raw_fd(fd) })
    })
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read as _, Seek as _, Write as _};
    use std::os::fd::AsFd as _;

    use super::*;

    #[test]
    fn what_is_left_can_be_taken_once() {
        let (here, there) = UnixDatagram::pair().unwrap();
        assert!(take(&there).is_none());
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"left").unwrap();
        leave(&here, file.as_fd()).unwrap();
        drop(file);
        let mut file = File::from(take(&there).unwrap());
        let mut text = [0; 4];
        file.rewind().unwrap();
        file.read_exact(&mut text).unwrap();
        assert_eq!(&text, b"left");
        assert!(take(&there).is_none());
    }
}
