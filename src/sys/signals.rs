//! Signals to the recorder, as counts that the event loop looks at.
//!
//! Handlers do nothing but count, and they interrupt `waitpid`. A signal that comes between a
//! look and the next wait is seen at the next turn of the timer, at most a quarter of a second later, so that
//! the loop needs no further system call for it.

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};

use libc::c_int;
use nix::errno::Errno;

use super::kernel::{Asked, Signo};

/// The time between two turns of the timer, in microseconds.
const TICK_MICROS: libc::suseconds_t = 250_000;

static ANY: AtomicBool = AtomicBool::new(false);
static CHILDREN: AtomicBool = AtomicBool::new(false);
static TICKED: AtomicBool = AtomicBool::new(false);
static INTERRUPTS: AtomicU32 = AtomicU32::new(0);
static FORWARD: AtomicI32 = AtomicI32::new(0);

/// Signals that are meant for the program and that only the recorder, or the process in front of
/// it, may have got. Some servers are stopped with SIGWINCH, Apache's httpd among them.
pub(super) const FORWARDED: [c_int; 8] = [
    libc::SIGINT,
    libc::SIGTERM,
    libc::SIGHUP,
    libc::SIGQUIT,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGCONT,
    libc::SIGWINCH,
];

extern "C" fn note(signal: c_int, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    // Nothing but stores to atomics: a handler may interrupt anything.
    match signal {
        libc::SIGALRM => TICKED.store(true, Ordering::Relaxed),
        libc::SIGCHLD => CHILDREN.store(true, Ordering::Relaxed),
        // The terminal sends these to the program too, which is in the same process group.
        _ if from_kernel(info) => {
            if signal == libc::SIGINT {
                INTERRUPTS.fetch_add(1, Ordering::Relaxed);
            }
        }
        _ => FORWARD.store(signal, Ordering::Relaxed),
    }
    ANY.store(true, Ordering::Release);
}

fn from_kernel(info: *mut libc::siginfo_t) -> bool {
    // SAFETY: the kernel passes a valid `siginfo_t` to a handler installed with SA_SIGINFO, and
    // nothing else calls this.
    let code = unsafe { (*info).si_code };
    // SI_KERNEL in include/uapi/asm-generic/siginfo.h.
    code == 0x80
}

/// Sets what a signal does: a handler's address, `SIG_IGN` or `SIG_DFL`.
fn set(signal: c_int, what: libc::sighandler_t, flags: c_int) -> Result<(), Errno> {
    // SAFETY: all zeros is a value of `sigaction`: numbers, an empty mask and no functions.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = what;
    action.sa_flags = flags;
    // SAFETY: `action` is complete and lives through the call, and a handler in it is
    // async-signal-safe (`note`); the old action is not asked for.
    let answer = unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) };
    Errno::result(answer).map(drop)
}

fn handle(signal: c_int) -> Result<(), Errno> {
    let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut libc::c_void) = note;
    // No SA_RESTART: a signal ends the wait.
    set(signal, handler as libc::sighandler_t, libc::SA_SIGINFO)
}

/// Starts to listen. The program must have been forked before, so that it inherits what the
/// recorder was started with.
pub(crate) fn listen() -> Result<(), Errno> {
    for signal in FORWARDED {
        handle(signal)?;
    }
    // The program's stops are followed, not the terminal's wish to stop the recorder.
    for signal in [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU] {
        set(signal, libc::SIG_IGN, 0)?;
    }
    // If it is ignored the kernel reaps children by itself and nobody learns how they ended.
    set(libc::SIGCHLD, libc::SIG_DFL, 0)
}

/// Counts changes of children, for a recorder that does not wait for them.
pub(crate) fn hear_children() -> Result<(), Errno> {
    handle(libc::SIGCHLD)
}

/// Starts the timer.
pub(crate) fn tick() -> Result<(), Errno> {
    handle(libc::SIGALRM)?;
    let tick = libc::timeval {
        tv_sec: 0,
        tv_usec: TICK_MICROS,
    };
    let every = libc::itimerval {
        it_interval: tick,
        it_value: tick,
    };
    // SAFETY: `every` is complete and lives through the call; the old value is not asked for.
    let answer = unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const every, ptr::null_mut()) };
    Errno::result(answer).map(drop)
}

/// What came since the last look.
#[inline]
pub(crate) fn asked() -> Asked {
    if !ANY.load(Ordering::Acquire) {
        return Asked::default();
    }
    ANY.store(false, Ordering::Relaxed);
    let forward = FORWARD.swap(0, Ordering::Relaxed);
    Asked {
        children: CHILDREN.swap(false, Ordering::Relaxed),
        tick: TICKED.swap(false, Ordering::Relaxed),
        interrupts: INTERRUPTS.swap(0, Ordering::Relaxed),
        forward: (forward != 0).then_some(Signo(forward)),
    }
}
