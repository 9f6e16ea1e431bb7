//! A process in front of the recorder: the one that a user, a shell or a container engine knows
//! and may kill. The recorder behind it lives on then, and so does the program, whose calls
//! would all fail if the one who answers its filter died.

use std::os::unix::net::UnixDatagram;

use libc::c_int;
use nix::errno::Errno;

use super::kernel::{Signo, Tid};
use super::notify::{Listener, Notice, Notices as _};
use super::signals;
use super::{left, process};

/// Which of the two this is.
#[derive(Debug)]
pub(crate) enum Side {
    /// The one in front; the other has ended like this.
    Front(Ended),
    /// The one behind, with the number of the other, and where to leave a listener for it.
    Behind(Tid, UnixDatagram),
}

/// How the recorder ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Exited(i32),
    Killed(Signo),
}

/// The terminal's wish to stop: the recorder tells when the program has stopped.
const LEFT_TO_THE_PROGRAM: [c_int; 3] = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];

/// Forks. The process must have one thread only, as the child goes on like the parent.
pub(crate) fn split(end_together: bool) -> Result<Side, Errno> {
    let front = std::process::id();
    let (ours, theirs) = UnixDatagram::pair().map_err(|error| {
        let number = error.raw_os_error().unwrap_or_default();
        Errno::from_raw(number)
    })?;
    // Before the recorder could end, whose signal would be lost.
    let awaited = awaited()?;
    let before = block(libc::SIG_BLOCK, &awaited)?;
    // SAFETY: called before any thread is started (the command line has none at this point), so
    // that no lock is held by a thread that the child lacks.
    let pid = unsafe { libc::fork() };
    match Errno::result(pid)? {
        0 => {
            block(libc::SIG_SETMASK, &before)?;
            if end_together {
                // SAFETY: this operation takes numbers only.
                let answer = unsafe {
                    libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0_u64, 0_u64, 0_u64)
                };
                Errno::result(answer)?;
            }
            let front = i32::try_from(front).map_err(|_too_large| Errno::EOVERFLOW)?;
            drop(ours);
            Ok(Side::Behind(Tid(front), theirs))
        }
        pid => {
            drop(theirs);
            // If the recorder dies its children become this one's.
            process::adopt_orphans()?;
            for signal in LEFT_TO_THE_PROGRAM {
                set(signal, libc::SIG_IGN)?;
            }
            // Ignored it would reap by itself.
            set(libc::SIGCHLD, libc::SIG_DFL)?;
            let ended = wait(Tid(pid), &awaited)?;
            if let (Ended::Killed(_), Some(listener)) = (ended, left::take(&ours)) {
                answer(Listener::new(listener));
            }
            Ok(Side::Front(ended))
        }
    }
}

/// Waits for the recorder, hands signals on to it, and reaps whatever becomes a child of this
/// process, as the first process of a container has to.
fn wait(recorder: Tid, awaited: &libc::sigset_t) -> Result<Ended, Errno> {
    // What has ended by now sends no signal any more if it was ignored.
    if let Some(ended) = reap(recorder)? {
        return Ok(ended);
    }
    loop {
        // SAFETY: all zeros is a value of `siginfo_t`, which is made of numbers and pointers.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        // SAFETY: the set and `info` are complete and live through the call.
        let signal = unsafe { libc::sigwaitinfo(awaited, &raw mut info) };
        if signal == libc::SIGCHLD {
            if let Some(ended) = reap(recorder)? {
                return Ok(ended);
            }
        } else if signals::FORWARDED.contains(&signal) && info.si_code != KERNEL {
            // What the terminal sends has reached the recorder already.
            let _gone = process::signal(recorder, Signo(signal));
        }
    }
}

/// `SI_KERNEL` in include/uapi/asm-generic/siginfo.h.
const KERNEL: c_int = 0x80;

/// The signals that are waited for.
fn awaited() -> Result<libc::sigset_t, Errno> {
    // SAFETY: all bits zero is an empty set on Linux, and a valid value of the type.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    for signal in signals::FORWARDED.iter().chain([&libc::SIGCHLD]) {
        // SAFETY: `set` is valid and the number is that of a signal.
        let answer = unsafe { libc::sigaddset(&raw mut set, *signal) };
        Errno::result(answer)?;
    }
    Ok(set)
}

/// Sets the signals that are blocked, and gives those that were.
fn block(how: c_int, set: &libc::sigset_t) -> Result<libc::sigset_t, Errno> {
    // SAFETY: all bits zero is an empty set on Linux, and a valid value of the type.
    let mut old: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: both sets are complete and live through the call.
    let answer = unsafe { libc::sigprocmask(how, set, &raw mut old) };
    Errno::result(answer)?;
    Ok(old)
}

/// Sets a disposition that runs nothing.
fn set(signal: c_int, what: libc::sighandler_t) -> Result<(), Errno> {
    // SAFETY: callers pass SIG_IGN or SIG_DFL only.
    if unsafe { libc::signal(signal, what) } == libc::SIG_ERR {
        Err(Errno::last())
    } else {
        Ok(())
    }
}

/// Lets calls go on in place of a recorder that died, until nobody is left to make any.
fn answer(mut listener: Listener) {
    /// Milliseconds.
    const LOOK_EVERY: c_int = 100;
    loop {
        if listener.is_ready(LOOK_EVERY) {
            if let Notice::Call { id, .. } = listener.next() {
                listener.go_on(id);
            }
            continue;
        }
        let mut status: c_int = 0;
        // SAFETY: `status` has room for the number that the kernel writes.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
        if Errno::result(pid) == Err(Errno::ECHILD) {
            return;
        }
    }
}

fn reap(recorder: Tid) -> Result<Option<Ended>, Errno> {
    loop {
        let mut status: c_int = 0;
        // SAFETY: `status` has room for the number that the kernel writes.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
        match Errno::result(pid) {
            Ok(0) => return Ok(None),
            Ok(pid) if pid == recorder.0 => {
                return Ok(Some(if libc::WIFSIGNALED(status) {
                    Ended::Killed(Signo(libc::WTERMSIG(status)))
                } else {
                    Ended::Exited(libc::WEXITSTATUS(status))
                }));
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}
