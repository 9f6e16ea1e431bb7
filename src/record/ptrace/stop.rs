//! What a stop of a traced thread means.

use crate::sys::kernel::Signo;
use crate::sys::ptrace::{
    CALL_STOP, EVENT_CLONE, EVENT_EXEC, EVENT_EXIT, EVENT_FORK, EVENT_SECCOMP, EVENT_STOP,
    EVENT_VFORK,
};

/// A stop of a thread that was seized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// At the beginning or the end of a call.
    Call,
    /// The filter reports a call.
    Filter,
    /// It runs another program now.
    Exec,
    /// It made a process or a thread.
    Birth {
        /// By `clone`, which makes both.
        maybe_thread: bool,
    },
    /// It is about to end.
    End,
    /// Its process is stopped by job control.
    Group,
    /// The first stop of a new thread, one that was asked for, or the end of a group stop.
    Trap,
    /// A signal is about to reach it.
    Signal(Signo),
    /// What this release does not know.
    Unknown,
}

/// Signals that stop a process.
pub(super) const STOPPING: [i32; 4] = [libc::SIGSTOP, libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];

/// Understands a stop by its signal and event.
pub(super) fn stop(signal: i32, event: i32) -> Stop {
    match event {
        0 if signal == libc::SIGTRAP | CALL_STOP => Stop::Call,
        0 => Stop::Signal(Signo(signal)),
        EVENT_SECCOMP => Stop::Filter,
        EVENT_EXEC => Stop::Exec,
        EVENT_FORK | EVENT_VFORK => Stop::Birth {
            maybe_thread: false,
        },
        EVENT_CLONE => Stop::Birth { maybe_thread: true },
        EVENT_EXIT => Stop::End,
        EVENT_STOP if STOPPING.contains(&signal) => Stop::Group,
        EVENT_STOP => Stop::Trap,
        _ => Stop::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops() {
        for (signal, event, expected) in [
            (5 | 0x80, 0, Stop::Call),
            (5, 0, Stop::Signal(Signo(5))),
            (19, 0, Stop::Signal(Signo(19))),
            (64, 0, Stop::Signal(Signo(64))),
            (5, 7, Stop::Filter),
            (5, 4, Stop::Exec),
            (
                5,
                1,
                Stop::Birth {
                    maybe_thread: false,
                },
            ),
            (
                5,
                2,
                Stop::Birth {
                    maybe_thread: false,
                },
            ),
            (5, 3, Stop::Birth { maybe_thread: true }),
            (19, 128, Stop::Group),
            (20, 128, Stop::Group),
            (21, 128, Stop::Group),
            (22, 128, Stop::Group),
            (5, 128, Stop::Trap),
            (5, 5, Stop::Unknown),
            (5, 99, Stop::Unknown),
        ] {
            assert_eq!(stop(signal, event), expected, "{signal} {event}");
        }
    }
}
