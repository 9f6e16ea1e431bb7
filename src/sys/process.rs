//! Starts the program, suspended until the recorder is ready.

use std::convert::Infallible;
use std::ffi::CString;
use std::os::fd::{AsRawFd, FromRawFd as _, OwnedFd, RawFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicI32, Ordering};

use libc::c_char;
use nix::errno::Errno;

use super::inherited;
use super::kernel::{Signo, Tid};
use super::seccomp::{self, For};
use crate::bpf::Instruction;

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

/// What the child leaves word of. It stands in memory that both share, since with a filter on it
/// every call of the child may be one that waits for the recorder.
#[repr(C)]
struct Word {
    /// 1 when the child may go on.
    go: AtomicI32,
    /// The listener's file descriptor, from 1 on.
    listener: AtomicI32,
    /// What failed, 1 to 3.
    stage: AtomicI32,
    error: AtomicI32,
}

/// The shared memory.
#[derive(Debug)]
struct Page(NonNull<Word>);

impl Page {
    fn new() -> Result<Self, Errno> {
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that is
        // mapped already.
        let place = unsafe {
            libc::mmap(
                ptr::null_mut(),
                size_of::<Word>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if place == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        NonNull::new(place.cast()).map(Self).ok_or(Errno::ENOMEM)
    }

    const fn word(&self) -> &Word {
        // SAFETY: the mapping is page-aligned, large enough, filled with zeros, which are values
        // of atomics, and lives as long as `self`; all access to it is atomic.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // SAFETY: `new` made this mapping, and no reference into it outlives `self`.
        let _unmapped = unsafe { libc::munmap(self.0.as_ptr().cast(), size_of::<Word>()) };
    }
}

/// A child that waits for [`Suspended::go`].
#[derive(Debug)]
pub(crate) struct Suspended {
    pid: Tid,
    report: Report,
}

/// Where a child that was told to go leaves word.
#[derive(Debug)]
pub(crate) struct Report(Page);

impl Suspended {
    pub(crate) const fn pid(&self) -> Tid {
        self.pid
    }

    /// Lets the child install its filter and execute the program.
    pub(crate) fn go(self) -> Report {
        let go = &self.report.0.word().go;
        go.store(1, Ordering::Release);
        // SAFETY: the kernel uses the address of `go`, which is mapped, as a name only.
        let _woken = unsafe { libc::syscall(libc::SYS_futex, go.as_ptr(), libc::FUTEX_WAKE, 1) };
        self.report
    }
}

impl Report {
    /// What went wrong, if anything did by now.
    pub(crate) fn failed(&self) -> Option<Failed> {
        let word = self.0.word();
        let stage = word.stage.load(Ordering::Acquire);
        let error = Errno::from_raw(word.error.load(Ordering::Relaxed));
        Some(match stage {
            0 => return None,
            1 => Failed::NoNewPrivileges(error),
            2 => Failed::Filter(error),
            _ => Failed::Exec(error),
        })
    }

    /// The listener that the child has opened for this process, once it has.
    pub(crate) fn listener(&self) -> Option<OwnedFd> {
        let fd = self.0.word().listener.swap(0, Ordering::AcqRel);
        // SAFETY: the child, which shares the table of descriptors until its execve, has just
        // got `fd` from the kernel and leaves it to us; the swap gives it out once.
        (fd != 0).then(|| unsafe { OwnedFd::from_raw_fd(fd) })
    }
}

/// Pointers to strings, and the null that ends them.
fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    let mut all: Vec<*const c_char> = strings.iter().map(|it| it.as_ptr()).collect();
    all.push(ptr::null());
    all
}

/// Forks a child that will become the program. It inherits everything that this process was
/// started with; what is open in this process and not meant for it is closed on execve.
pub(crate) fn suspended(launch: &Launch) -> Result<Suspended, Errno> {
    let page = Page::new()?;
    // The child may run when this process has gone already.
    let recorder = std::process::id();
    let arguments = pointers(&launch.arguments);
    // The listener's descriptor must be ours when the child has made it. The child's execve
    // gives it a table of its own.
    let shares = launch
        .filter
        .as_ref()
        .is_some_and(|(_, purpose)| *purpose == For::Listener);
    let pid = if shares {
        let flags = i64::from(libc::CLONE_FILES) | i64::from(libc::SIGCHLD);
        // SAFETY: without CLONE_VM and a stack this is a fork, and the child calls nothing but
        // async-signal-safe functions (`child` says which), so that neither locks held by other
        // threads nor what the C library keeps of its own process matter.
        let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0_i64, 0_i64, 0_i64, 0_i64) };
        i32::try_from(pid).unwrap_or(-1)
    } else {
        // SAFETY: as above.
        unsafe { libc::fork() }
    };
    match Errno::result(pid)? {
        0 => {
            let failed = match child(launch, &arguments, page.word(), recorder) {
                Ok(never) => match never {},
                Err(failed) => failed,
            };
            let (stage, error) = match failed {
                Failed::NoNewPrivileges(error) => (1, error),
                Failed::Filter(error) => (2, error),
                Failed::Exec(error) => (3, error),
            };
            page.word().error.store(error as i32, Ordering::Relaxed);
            page.word().stage.store(stage, Ordering::Release);
            // SAFETY: ends the process without running anything of the parent's.
            unsafe { libc::_exit(127) }
        }
        pid => Ok(Suspended {
            pid: Tid(pid),
            report: Report(page),
        }),
    }
}

/// What the child does: futex, signal, close, prctl, seccomp, execve. Nothing is allocated
/// or freed.
fn child(
    launch: &Launch,
    arguments: &[*const c_char],
    word: &Word,
    recorder: u32,
) -> Result<Infallible, Failed> {
    wait_for_go(word, recorder)?;
    // Before the filter, after which only attempts to execute are expected.
    inherited::restore(
        launch
            .filter
            .as_ref()
            .is_some_and(|it| it.1 == For::Listener),
    );
    if launch.no_new_privileges {
        seccomp::no_new_privileges().map_err(Failed::NoNewPrivileges)?;
    }
    if let Some((filter, purpose)) = &launch.filter {
        let listener = seccomp::install(filter, *purpose).map_err(Failed::Filter)?;
        word.listener.store(
            i32::try_from(listener).unwrap_or_default(),
            Ordering::Release,
        );
    }
    // As `execvp`: the first that can be executed; one that may not be is remembered.
    let mut worst = Errno::ENOENT;
    for candidate in &launch.candidates {
        // SAFETY: `candidate` and each of `arguments` are strings that end with a NUL, the array
        // ends with a null pointer, and all of them outlive the call.
        let _failed = unsafe { libc::execv(candidate.as_ptr(), arguments.as_ptr()) };
        let error = Errno::last();
        if error == Errno::EACCES {
            worst = error;
        } else if error != Errno::ENOENT && error != Errno::ENOTDIR {
            return Err(Failed::Exec(error));
        }
    }
    Err(Failed::Exec(worst))
}

/// Waits until the recorder says so, or is gone, which is looked for now and then.
fn wait_for_go(word: &Word, recorder: u32) -> Result<(), Failed> {
    static LOOK_EVERY: libc::timespec = libc::timespec {
        tv_sec: 1,
        tv_nsec: 0,
    };
    while word.go.load(Ordering::Acquire) == 0 {
        // SAFETY: `go` and the time live through the call; the kernel reads them and writes
        // nothing.
        let _woken = unsafe {
            libc::syscall(
                libc::SYS_futex,
                word.go.as_ptr(),
                libc::FUTEX_WAIT,
                0,
                &raw const LOOK_EVERY,
            )
        };
        // SAFETY: always succeeds and touches no memory.
        let parent = unsafe { libc::getppid() };
        if u32::try_from(parent) != Ok(recorder) {
            return Err(Failed::Exec(Errno::ECANCELED));
        }
    }
    Ok(())
}

/// Waits until a child changes, which is left to be looked at, or a signal comes, or there is no
/// child.
pub(crate) fn await_child() {
    let flags = libc::WEXITED | libc::WSTOPPED | libc::WCONTINUED | libc::WNOWAIT | libc::__WALL;
    // SAFETY: all zeros is a value of `siginfo_t`, which is made of numbers and pointers.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: `info` has room for what the kernel writes, and lives through the call.
    let _changed = unsafe { libc::waitid(libc::P_ALL, 0, &raw mut info, flags) };
}

/// Waits until a signal comes. One that came before is noticed at the next turn of the timer.
pub(crate) fn await_signal() {
    // SAFETY: touches no memory; handlers are ours.
    let _interrupted = unsafe { libc::pause() };
}

/// Closes every descriptor but the standard ones, and tells how far that went by its error.
///
/// Whoever started this process may have left some open.
pub(crate) fn close_inherited(but: RawFd) -> Result<(), Errno> {
    const FIRST: RawFd = 3;
    let but = but.max(FIRST - 1);
    for (first, last) in [(FIRST, but - 1), (but + 1, RawFd::MAX)] {
        if first <= last {
            // SAFETY: takes numbers only. Nothing of this process has a descriptor there yet but the
            // one that is left out, so none is closed under somebody who uses it.
            let answer = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
            Errno::result(answer)?;
        }
    }
    Ok(())
}

/// Closes descriptors for whose last close the kernel takes its time, in a process of its own: not
/// at once, as whoever opens the same meanwhile spares it that, and would wait for it otherwise.
pub(crate) fn close_aside(mut all: Vec<OwnedFd>) {
    let pause = libc::timespec {
        tv_sec: 0,
        tv_nsec: 100_000_000,
    };
    all.sort_by_key(AsRawFd::as_raw_fd);
    // SAFETY: the child calls close_range, nanosleep and _exit only, which are async-signal-safe, so
    // that neither locks held by other threads nor what the C library keeps of its own process matter.
    if unsafe { libc::fork() } == 0 {
        // Nobody who waits for the end of an output is to wait for this.
        let mut first = 0;
        for kept in all.iter().map(AsRawFd::as_raw_fd) {
            close_between(first, kept - 1);
            first = kept + 1;
        }
        close_between(first, RawFd::MAX);
        // SAFETY: the time is a live structure, and what is left of it is not asked for.
        let _signals_shorten_it = unsafe { libc::nanosleep(&raw const pause, ptr::null_mut()) };
        // SAFETY: ends the process without running anything of the parent's.
        unsafe { libc::_exit(0) }
    }
    // Where there is no other process for it, it is the last one here.
    drop(all);
}

fn close_between(first: RawFd, last: RawFd) {
    if first <= last {
        // SAFETY: takes numbers only; this process uses none of the descriptors.
        let _closed = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    }
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
