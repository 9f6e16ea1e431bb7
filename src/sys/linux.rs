//! The real kernel behind [`Kernel`].

use std::time::{Duration, Instant};

use libc::c_int;
use nix::errno::Errno;

use super::kernel::{
    Asked, CallStop, Change, Kernel, Program, Resume, Signo, Tid, TraceOptions, Wait,
};
use super::{process, programs, ptrace, signals};

/// Linux.
#[derive(Debug)]
pub(crate) struct Linux {
    started: Instant,
}

impl Linux {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

/// The fields of a status, as include/uapi/asm-generic/wait.h and wait(2) have them.
pub(crate) fn change(status: c_int) -> Change {
    if libc::WIFEXITED(status) {
        Change::Exited(libc::WEXITSTATUS(status))
    } else if libc::WIFSIGNALED(status) {
        Change::Killed(Signo(libc::WTERMSIG(status)))
    } else if libc::WIFSTOPPED(status) {
        Change::Stopped {
            signal: libc::WSTOPSIG(status),
            event: status >> 16,
        }
    } else if libc::WIFCONTINUED(status) {
        Change::Continued
    } else {
        Change::Unknown(status)
    }
}

impl Kernel for Linux {
    #[inline]
    fn wait(&mut self) -> Wait {
        let mut status: c_int = 0;
        // SAFETY: `status` has room for the number that the kernel writes.
        let answer = unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL) };
        match Errno::result(answer) {
            // WSTOPSIG has eight bits only; the event stands above them.
            Ok(tid) => Wait::Changed(Tid(tid), change(status)),
            Err(Errno::EINTR) => Wait::Interrupted,
            Err(Errno::ECHILD) => Wait::Nobody,
            Err(error) => Wait::Failed(error),
        }
    }

    fn look(&mut self) -> Option<Wait> {
        let mut status: c_int = 0;
        let flags = libc::__WALL | libc::WNOHANG | libc::WUNTRACED | libc::WCONTINUED;
        // SAFETY: `status` has room for the number that the kernel writes.
        let answer = unsafe { libc::waitpid(-1, &raw mut status, flags) };
        match Errno::result(answer) {
            Ok(0) | Err(Errno::EINTR) => None,
            Ok(tid) => Some(Wait::Changed(Tid(tid), change(status))),
            Err(Errno::ECHILD) => Some(Wait::Nobody),
            Err(error) => Some(Wait::Failed(error)),
        }
    }

    #[inline]
    fn asked(&mut self) -> Asked {
        signals::asked()
    }

    fn elapsed(&mut self) -> Duration {
        self.started.elapsed()
    }

    fn seize(&mut self, tid: Tid, options: TraceOptions) -> Result<(), Errno> {
        ptrace::seize(tid, options)
    }

    fn stop_at_end(&mut self, tid: Tid, options: TraceOptions) -> Result<(), Errno> {
        ptrace::stop_at_end(tid, options)
    }

    fn resume(&mut self, tid: Tid, how: Resume, signal: Option<Signo>) -> Result<(), Errno> {
        ptrace::resume(tid, how, signal)
    }

    fn listen(&mut self, tid: Tid) -> Result<(), Errno> {
        ptrace::listen(tid)
    }

    fn interrupt(&mut self, tid: Tid) -> Result<(), Errno> {
        ptrace::interrupt(tid)
    }

    fn detach(&mut self, tid: Tid, signal: Option<Signo>) -> Result<(), Errno> {
        ptrace::detach(tid, signal)
    }

    fn call(&mut self, tid: Tid) -> Result<CallStop, Errno> {
        ptrace::call(tid)
    }

    fn message(&mut self, tid: Tid) -> Result<u64, Errno> {
        ptrace::message(tid)
    }

    fn set_argument(&mut self, tid: Tid, arch: u32, index: u8, value: u64) -> Result<(), Errno> {
        ptrace::set_argument(tid, arch, index, value)
    }

    fn refuse(&mut self, tid: Tid) -> Result<(), Errno> {
        ptrace::refuse(tid)
    }

    fn refuse_with(&mut self, tid: Tid, error: u16) -> Result<(), Errno> {
        ptrace::refuse_with(tid, error)
    }

    fn restore_argument(
        &mut self,
        tid: Tid,
        arch: u32,
        index: u8,
        value: u64,
    ) -> Result<(), Errno> {
        ptrace::restore_argument(tid, arch, index, value)
    }

    fn signal_code(&mut self, tid: Tid) -> Result<i32, Errno> {
        ptrace::signal_code(tid)
    }

    fn read_word(&mut self, tid: Tid, address: u64) -> Result<u64, Errno> {
        ptrace::read_word(tid, address)
    }

    fn write_word(&mut self, tid: Tid, address: u64, value: u64) -> Result<(), Errno> {
        ptrace::write_word(tid, address, value)
    }

    fn program(&mut self, tid: Tid) -> Program {
        programs::program(tid)
    }

    fn name(&mut self, tid: Tid) -> Option<String> {
        programs::name(tid)
    }

    fn leader(&mut self, tid: Tid) -> Option<Tid> {
        programs::leader(tid)
    }

    fn threads(&mut self, pid: Tid) -> Vec<Tid> {
        programs::threads(pid)
    }

    fn children(&mut self, pid: Tid) -> Vec<Tid> {
        programs::children(pid)
    }

    fn companions(&mut self, pid: Tid) -> Vec<Tid> {
        programs::companions(pid)
    }

    fn signal(&mut self, pid: Tid, signal: Signo) {
        // It may be gone by now, which is what most signals are for.
        let _gone = process::signal(pid, signal);
    }
}
