//! Signals of the user that end a command, held back so that it can put things in order.

use std::os::fd::AsFd as _;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::cli::error::CommandError;

/// What the user sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interrupt {
    /// Its number.
    pub(crate) signal: u8,
    /// The terminal sent it, and so to every process of the job.
    pub(crate) from_terminal: bool,
}

/// From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT wait here. Programs that are started get them
/// as ever: the mask is not theirs.
#[derive(Debug)]
pub(crate) struct Interrupts(SignalFd);

impl Interrupts {
    /// Holds the signals back. To be called while there is one thread.
    pub(crate) fn new() -> Result<Self, CommandError> {
        let failed = |error: nix::errno::Errno| CommandError::input("can't hear signals", &error);
        let mut mask = SigSet::empty();
        for signal in [
            Signal::SIGINT,
            Signal::SIGTERM,
            Signal::SIGHUP,
            Signal::SIGQUIT,
        ] {
            mask.add(signal);
        }
        mask.thread_block().map_err(failed)?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        SignalFd::with_flags(&mask, flags).map(Self).map_err(failed)
    }

    /// The next signal, waited for no longer than `time`.
    pub(crate) fn wait(&self, time: Duration) -> Option<Interrupt> {
        /// In include/uapi/asm-generic/siginfo.h.
        const SI_KERNEL: i32 = 0x80;
        let time = PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX);
        let mut waited = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
        // A wait that fails is one that is over; the caller looks again.
        let _ready = poll(&mut waited, time);
        let info = self.0.read_signal().ok().flatten()?;
        Some(Interrupt {
            signal: u8::try_from(info.ssi_signo).ok()?,
            from_terminal: info.ssi_code == SI_KERNEL,
        })
    }
}
