//! Starts the program, suspended until the recorder is ready.

use std::convert::Infallible;
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::ptr;

use libc::{c_char, c_int};
use nix::errno::Errno;

use super::inherited;
use super::kernel::{Signo, Tid};
use super::seccomp::{self, For, Instruction};

/// A program and how it is to be started.
#[derive(Debug)]
pub(crate) struct Launch {
    /// The files to try, in this order, as `execvp` would.
    pub(crate) candidates: Vec<CString>,
    /// Its arguments, its own name first.
    pub(crate) arguments: Vec<CString>,
    /// The filter to put on it, if any.
    pub(crate) filter: Option<(Vec<Instruction>, For)>,
    /// Give up privileges first: the kernel asks for it where the recorder has none.
    pub(crate) no_new_privileges: bool,
}

/// What the child could not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    /// Giving up privileges.
    NoNewPrivileges(Errno),
    /// Installing the filter.
    Filter(Errno),
    /// Executing any of the candidates.
    Exec(Errno),
}

/// A child that waits for [`Suspended::go`].
#[derive(Debug)]
pub(crate) struct Suspended {
    pid: Tid,
    go: File,
    report: File,
}

/// Where a child that was told to go leaves word if it can't.
#[derive(Debug)]
pub(crate) struct Report(File);

impl Suspended {
    pub(crate) const fn pid(&self) -> Tid {
        self.pid
    }

    /// Lets the child install its filter and execute the program.
    pub(crate) fn go(mut self) -> io::Result<Report> {
        self.go.write_all(&[0])?;
        Ok(Report(self.report))
    }
}

impl Report {
    /// What went wrong, if anything; to be asked after the child has gone.
    pub(crate) fn read(&mut self) -> Option<Failed> {
        let mut word = [0; 5];
        self.0.read_exact(&mut word).ok()?;
        let [stage, error @ ..] = word;
        let error = Errno::from_raw(i32::from_ne_bytes(error));
        Some(match stage {
            1 => Failed::NoNewPrivileges(error),
            2 => Failed::Filter(error),
            _ => Failed::Exec(error),
        })
    }
}

/// Pointers to strings, and the null that ends them.
fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    let mut all: Vec<*const c_char> = strings.iter().map(|it| it.as_ptr()).collect();
    all.push(ptr::null());
    all
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends: [c_int; 2] = [0; 2];
    // SAFETY: `ends` has room for the two numbers that the kernel writes.
    let answer = unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) };
    Errno::result(answer)?;
    let [read, write] = ends;
    // SAFETY: the kernel has just opened `read` for us alone.
    let read = unsafe { OwnedFd::from_raw_fd(read) };
    // SAFETY: the kernel has just opened `write` for us alone.
    let write = unsafe { OwnedFd::from_raw_fd(write) };
    Ok((read, write))
}

/// Forks a child that will become the program. It inherits everything that this process was
/// started with; what is open in this process and not meant for it is closed on execve.
pub(crate) fn suspended(launch: &Launch) -> io::Result<Suspended> {
    let (go_read, go_write) = pipe()?;
    let (report_read, report_write) = pipe()?;
    let arguments = pointers(&launch.arguments);
    // SAFETY: the child calls nothing but async-signal-safe functions (`child` says which) until
    // it executes a program or ends, so that locks held by other threads do not matter.
    let pid = unsafe { libc::fork() };
    match Errno::result(pid)? {
        0 => {
            // The read end must see the end of file when the recorder dies, so the child lets go
            // of the other one.
            drop(go_write);
            let failed = match child(launch, &arguments, &go_read) {
                Ok(never) => match never {},
                Err(failed) => failed,
            };
            let (stage, error) = match failed {
                Failed::NoNewPrivileges(error) => (1, error),
                Failed::Filter(error) => (2, error),
                Failed::Exec(error) => (3, error),
            };
            let [a, b, c, d] = (error as i32).to_ne_bytes();
            let word = [stage, a, b, c, d];
            // SAFETY: `word` lives through the call and has as many bytes as are told.
            let _sent = unsafe { libc::write(report_write.as_raw_fd(), word.as_ptr().cast(), 5) };
            // SAFETY: ends the process without running anything of the parent's.
            unsafe { libc::_exit(127) }
        }
        pid => Ok(Suspended {
            pid: Tid(pid),
            go: File::from(go_write),
            report: File::from(report_read),
        }),
    }
}

/// What the child does: read, signal, close, prctl, seccomp, execve. Nothing is allocated or freed.
fn child(
    launch: &Launch,
    arguments: &[*const c_char],
    go: &OwnedFd,
) -> Result<Infallible, Failed> {
    let mut byte = 0_u8;
    loop {
        let place: *mut u8 = &raw mut byte;
        // SAFETY: `place` has room for the one byte asked for.
        let read = unsafe { libc::read(go.as_raw_fd(), place.cast(), 1) };
        match read {
            1 => break,
            -1 if Errno::last() == Errno::EINTR => {}
            // The recorder is gone.
            _ => return Err(Failed::Exec(Errno::ECANCELED)),
        }
    }
    inherited::restore();
    if launch.no_new_privileges {
        seccomp::no_new_privileges().map_err(Failed::NoNewPrivileges)?;
    }
    if let Some((filter, purpose)) = &launch.filter {
        seccomp::install(filter, *purpose).map_err(Failed::Filter)?;
    }
    // As `execvp`: the first that can be executed; one that may not be is remembered.
    let mut worst = Errno::ENOENT;
    for candidate in &launch.candidates {
        // SAFETY: `candidate` and each of `arguments` are strings that end with a NUL, the array
        // ends with a null pointer, and all of them outlive the call.
        let _failed = unsafe { libc::execv(candidate.as_ptr(), arguments.as_ptr()) };
        match Errno::last() {
            Errno::ENOENT | Errno::ENOTDIR => {}
            Errno::EACCES => worst = Errno::EACCES,
            error => return Err(Failed::Exec(error)),
        }
    }
    Err(Failed::Exec(worst))
}

/// Makes orphans of this process's descendants its children, so that their ends are seen.
pub(crate) fn adopt_orphans() -> Result<(), Errno> {
    // SAFETY: this operation takes numbers only.
    let answer = unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1_u64, 0_u64, 0_u64, 0_u64) };
    Errno::result(answer).map(drop)
}

/// Sends a signal to one process.
pub(crate) fn signal(pid: Tid, signal: Signo) -> Result<(), Errno> {
    if pid.0 <= 0 {
        // 0 and negative numbers are groups and everybody.
        return Err(Errno::ESRCH);
    }
    // SAFETY: takes numbers only.
    let answer = unsafe { libc::kill(pid.0, signal.0) };
    Errno::result(answer).map(drop)
}
