//! seccomp(2) on the calling thread, and what the kernel has of it.

use libc::{c_long, c_ulong, c_void};
use nix::errno::Errno;

use crate::bpf::Instruction;

/// `struct sock_fprog`.
#[repr(C)]
struct Program {
    length: u16,
    instructions: *const Instruction,
}

// include/uapi/linux/seccomp.h
const SET_MODE_FILTER: c_ulong = 1;
const GET_ACTION_AVAIL: c_ulong = 2;
/// Before Linux 5.16 a filter switches on a slow mitigation unless this is given.
const SPEC_ALLOW: c_ulong = 1 << 2;
/// A file descriptor for notifications is the answer.
const NEW_LISTENER: c_ulong = 1 << 3;
/// Only what kills interrupts a call that the listener has received, Linux 5.19. Until it is
/// received a signal interrupts it all the same.
const WAIT_KILLABLE_RECV: c_ulong = 1 << 5;
/// What comes with our `RET_TRACE`; another filter's has something else.
pub(crate) const TRACE_COOKIE: u16 = 0x5ca1;

/// What a filter is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// A tracer.
    Tracer,
    /// Whoever holds the file descriptor that is the answer.
    Listener,
}

/// Puts a filter on the calling thread. Async-signal-safe: nothing is allocated. The answer is
/// the listener's file descriptor, or 0.
pub(super) fn install(filter: &[Instruction], purpose: For) -> Result<c_long, Errno> {
    let program = Program {
        length: u16::try_from(filter.len()).map_err(|_too_long| Errno::EINVAL)?,
        instructions: filter.as_ptr(),
    };
    match purpose {
        For::Tracer => set(&program, SPEC_ALLOW),
        For::Listener => {
            let flags = SPEC_ALLOW | NEW_LISTENER;
            set(&program, flags | WAIT_KILLABLE_RECV).or_else(|_older| set(&program, flags))
        }
    }
}

fn set(program: &Program, flags: c_ulong) -> Result<c_long, Errno> {
    let place: *const Program = program;
    // SAFETY: `place` points to a complete `sock_fprog` whose array has `length` instructions;
    // both live through the call, and the kernel copies them.
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, SET_MODE_FILTER, flags, place) };
    Errno::result(answer)
}

/// Whether the kernel knows an action.
pub(crate) fn knows(action: u32) -> bool {
    let place: *const c_void = (&raw const action).cast();
    // SAFETY: with this operation the kernel reads four bytes at `place`, which is a live u32.
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, GET_ACTION_AVAIL, 0_u64, place) };
    answer == 0
}

/// Whether this process has a filter. It is taken for yes if a filter does not let that be asked.
pub(crate) fn is_filtered() -> bool {
    // SAFETY: this operation takes a number only.
    unsafe { libc::prctl(libc::PR_GET_SECCOMP) != 0 }
}

/// Gives up what a set-user-ID program could gain, for ever: what the kernel wants before it
/// takes a filter from an unprivileged process.
pub(super) fn no_new_privileges() -> Result<(), Errno> {
    // SAFETY: this operation takes numbers only.
    let answer = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1_u64, 0_u64, 0_u64, 0_u64) };
    Errno::result(answer).map(drop)
}
