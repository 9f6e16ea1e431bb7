//! The listener of a filter: calls wait until it says that they may go on.

use std::mem::zeroed;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

use libc::c_int;
use nix::errno::Errno;

use super::kernel::{RawCall, Tid};

/// `SECCOMP_IOCTL_NOTIF_SET_FLAGS`, Linux 6.6; libc has it for few architectures rightly, where
/// the direction of an ioctl has another place.
const SET_FLAGS: u64 = 0x4008_2104;
/// `SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP`: the one who is woken runs on the same processor.
const SYNC_WAKE_UP: u64 = 1;
const CONTINUE: u32 = 1;

/// What a listener heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    /// A call waits.
    Call {
        /// What it is answered by.
        id: u64,
        /// Who makes it.
        tid: Tid,
        /// The call.
        call: RawCall,
    },
    /// A signal came, or the call was interrupted before it was heard.
    Interrupted,
    /// The kernel refused.
    Failed(Errno),
}

/// The listener's calls of the event loop.
pub(crate) trait Notices {
    /// Waits for a call.
    fn next(&mut self) -> Notice;
    /// Lets a call go on as if nobody had listened.
    fn go_on(&mut self, id: u64);
}

/// The listener of a filter.
#[derive(Debug)]
pub(crate) struct Listener(OwnedFd);

impl Listener {
    /// Takes over what the kernel opened. Whether the woken run on the same processor is the
    /// kernel's to grant; without it everything works, slower.
    pub(crate) fn new(fd: OwnedFd) -> Self {
        // SAFETY: with this request the argument is a number.
        let _granted = unsafe { libc::ioctl(fd.as_raw_fd(), SET_FLAGS as Request, SYNC_WAKE_UP) };
        Self(fd)
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Waits at most so many milliseconds for a call.
    pub(super) fn is_ready(&self, milliseconds: c_int) -> bool {
        let mut ready = libc::pollfd {
            fd: self.0.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: `ready` is the one element that is told, and lives through the call.
        let count = unsafe { libc::poll(&raw mut ready, 1, milliseconds) };
        count == 1 && ready.revents & libc::POLLIN != 0
    }
}

/// The type that the C library gives to a request.
#[cfg(target_env = "gnu")]
type Request = libc::c_ulong;
#[cfg(not(target_env = "gnu"))]
type Request = c_int;

impl Notices for Listener {
    #[inline]
    fn next(&mut self) -> Notice {
        // SAFETY: all zeros is a value of this struct of numbers; the kernel asks for zeros.
        let mut heard: libc::seccomp_notif = unsafe { zeroed() };
        // SAFETY: the kernel fills `heard`, which has the size that the request says and lives
        // through the call.
        let answer = unsafe {
            libc::ioctl(
                self.0.as_raw_fd(),
                libc::SECCOMP_IOCTL_NOTIF_RECV,
                &raw mut heard,
            )
        };
        match Errno::result(answer) {
            Ok(_) => Notice::Call {
                id: heard.id,
                tid: Tid(i32::try_from(heard.pid).unwrap_or_default()),
                call: RawCall {
                    arch: heard.data.arch,
                    // As a tracer sees it: -1 fills all bits.
                    number: i64::from(heard.data.nr).cast_unsigned(),
                    args: heard.data.args,
                    instruction_pointer: heard.data.instruction_pointer,
                },
            },
            // ENOENT: who made it was killed.
            Err(Errno::EINTR | Errno::ENOENT) => Notice::Interrupted,
            Err(error) => Notice::Failed(error),
        }
    }

    #[inline]
    fn go_on(&mut self, id: u64) {
        let mut answer = libc::seccomp_notif_resp {
            id,
            val: 0,
            error: 0,
            flags: CONTINUE,
        };
        loop {
            // SAFETY: the kernel reads `answer`, which has the size that the request says and
            // lives through the call.
            let sent = unsafe {
                libc::ioctl(
                    self.0.as_raw_fd(),
                    libc::SECCOMP_IOCTL_NOTIF_SEND,
                    &raw mut answer,
                )
            };
            // A signal while the kernel waits for the listener's lock; unanswered, the call would
            // wait for ever. ENOENT: whoever made it was interrupted or killed.
            if Errno::result(sent) != Err(Errno::EINTR) {
                return;
            }
        }
    }
}
