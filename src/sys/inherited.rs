//! What this process was started with, noted before Rust's runtime changes it: the runtime
//! ignores SIGPIPE and opens /dev/null in place of closed standard streams.

use std::hint::black_box;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use libc::c_int;

static PIPE_IGNORED: AtomicBool = AtomicBool::new(false);
static CLOSED: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];

/// The loader calls what stands in this section before the runtime starts.
#[used]
// The section holds addresses of functions of the C calling convention, which the
// loader calls with arguments that this one does not look at.
#[unsafe(link_section = ".init_array")]
static NOTE: extern "C" fn() = note;

extern "C" fn note() {
    // SAFETY: all zeros is a value of `sigaction`: numbers, an empty mask and no functions.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: nothing is set; `action` has room for what the kernel tells.
    let answer = unsafe { libc::sigaction(libc::SIGPIPE, ptr::null(), &raw mut action) };
    let ignored = answer == 0 && action.sa_sigaction == libc::SIG_IGN;
    PIPE_IGNORED.store(ignored, Ordering::Relaxed);
    for (fd, closed) in (0..).zip(&CLOSED) {
        // SAFETY: takes numbers only.
        let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
        closed.store(flags == -1, Ordering::Relaxed);
    }
}

/// Gives the calling process what this one was started with. Async-signal-safe.
///
/// A process that `shares` its table of descriptors with the recorder marks its streams for
/// closing on execve, since closing them would close the recorder's.
pub(super) fn restore(shares: bool) {
    // Keeps the note in the program.
    black_box(&NOTE);
    let what = if PIPE_IGNORED.load(Ordering::Relaxed) {
        libc::SIG_IGN
    } else {
        libc::SIG_DFL
    };
    // SAFETY: sets a disposition that runs nothing of ours.
    let _old = unsafe { libc::signal(libc::SIGPIPE, what) };
    for (fd, closed) in (0 as c_int..).zip(&CLOSED) {
        if closed.load(Ordering::Relaxed) {
            if shares {
                // SAFETY: takes numbers only.
                let _marked = unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
            } else {
                // SAFETY: the descriptor stands for nothing but the runtime's /dev/null.
                let _closed = unsafe { libc::close(fd) };
            }
        }
    }
}
