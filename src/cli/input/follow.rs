//! A log that grows while it is read, until the user has seen enough.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd as _;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// How long to wait before the log is looked at again, in milliseconds.
const PAUSE: u16 = 200;

/// A file whose end is not reached before SIGINT or SIGTERM comes.
#[derive(Debug)]
pub(super) struct Follow {
    file: File,
    signals: SignalFd,
    position: u64,
    stopped: bool,
}

impl Follow {
    /// From now on the two signals end the file, not the program.
    pub(super) fn new(file: File) -> io::Result<Self> {
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGINT);
        mask.add(Signal::SIGTERM);
        mask.thread_block()?;
        let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Self {
            file,
            signals,
            position: 0,
            stopped: false,
        })
    }

    /// Waits for a signal or a while.
    fn pause(&mut self, milliseconds: u16) -> io::Result<()> {
        let mut waited = [PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        match poll(&mut waited, PollTimeout::from(milliseconds)) {
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => self.stopped = self.signals.read_signal()?.is_some(),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

impl Read for Follow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.file.read(buffer)?;
            if read > 0 {
                self.position += read as u64;
                // A log that grows faster than it is read must not keep the user waiting.
                if !self.stopped {
                    self.pause(0)?;
                }
                return Ok(read);
            }
            if self.stopped || buffer.is_empty() {
                return Ok(0);
            }
            if self.file.metadata()?.len() < self.position {
                return Err(io::Error::other(
                    "the file became shorter while it was followed",
                ));
            }
            self.pause(PAUSE)?;
        }
    }
}
