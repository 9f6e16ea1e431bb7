//! The filters of another process: ptrace(2), `PTRACE_SECCOMP_GET_FILTER`.

use std::ptr;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::bpf::Instruction;

/// include/uapi/linux/ptrace.h
const SECCOMP_GET_FILTER: libc::c_uint = 0x420c;

/// How long a thread may take to stop.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often is looked whether it has.
const LOOK: Duration = Duration::from_millis(1);

/// A thread that is stopped, until it is dropped.
#[derive(Debug)]
pub(crate) struct Stopped(Pid);

impl Stopped {
    /// Stops a thread. It goes on as if nothing had happened when the result is dropped.
    ///
    /// # Errors
    ///
    /// What ptrace(2) says; `ETIMEDOUT` if it does not stop, and then it goes on when this
    /// process ends.
    pub(crate) fn new(pid: i32) -> Result<Self, Errno> {
        let pid = Pid::from_raw(pid);
        ptrace::seize(pid, Options::empty())?;
        let stopped = Self(pid);
        ptrace::interrupt(pid)?;
        let start = Instant::now();
        let flags = WaitPidFlag::WNOHANG | WaitPidFlag::__WALL;
        loop {
            match waitpid(pid, Some(flags))? {
                WaitStatus::StillAlive if start.elapsed() > PATIENCE => {
                    return Err(Errno::ETIMEDOUT);
                }
                WaitStatus::StillAlive => std::thread::sleep(LOOK),
                WaitStatus::Exited(..) | WaitStatus::Signaled(..) => return Err(Errno::ESRCH),
                // A signal that it stops at on the way is delivered when it goes on.
                WaitStatus::Stopped(_, signal) => {
                    ptrace::cont(pid, signal)?;
                    ptrace::interrupt(pid)?;
                }
                WaitStatus::PtraceEvent(..)
                | WaitStatus::PtraceSyscall(_)
                | WaitStatus::Continued(_) => return Ok(stopped),
            }
        }
    }

    /// The filter at an index, of which 0 is the newest; `None` after the oldest.
    ///
    /// # Errors
    ///
    /// What ptrace(2) says of `PTRACE_SECCOMP_GET_FILTER`: `EACCES` without `CAP_SYS_ADMIN`,
    /// `EINVAL` without a filter, `EIO` if the kernel was built without
    /// `CONFIG_CHECKPOINT_RESTORE`.
    pub(crate) fn filter(&self, index: usize) -> Result<Option<Vec<Instruction>>, Errno> {
        let count = match self.get(index, ptr::null_mut()) {
            Err(Errno::ENOENT) => return Ok(None),
            result => result?,
        };
        let empty = Instruction {
            code: 0,
            jump_true: 0,
            jump_false: 0,
            value: 0,
        };
        let mut filter = vec![empty; count];
        // The kernel says again how many it has written: a filter does not change.
        let again = self.get(index, filter.as_mut_ptr())?;
        if again != count {
            return Err(Errno::EAGAIN);
        }
        Ok(Some(filter))
    }

    /// The number of instructions of a filter, which are written to `to` unless that is null.
    fn get(&self, index: usize, to: *mut Instruction) -> Result<usize, Errno> {
        // SAFETY: `to` is null, or has room for as many instructions as the same request for the
        // same filter reported before; `Instruction` has the layout of `struct sock_filter`. See
        // `seccomp_get_filter` in kernel/seccomp.c.
        let count = unsafe { libc::ptrace(SECCOMP_GET_FILTER, self.0.as_raw(), index, to) };
        usize::try_from(count).map_err(|_negative| Errno::last())
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        // A thread that has ended needs no detaching.
        let _ended = ptrace::detach(self.0, None);
    }
}
