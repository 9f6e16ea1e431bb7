//! A log that grows while it is read, until the user has seen enough.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::progress::Watcher;

/// How long to wait before the log is looked at again, in milliseconds.
const PAUSE: u16 = 200;

/// A file whose end is not reached before SIGINT or SIGTERM comes.
///
/// When another file has taken its name, as logs are rotated, that is read on, once something is
/// in it: until then the writer may still have the old one. One that is cut off is read from its
/// begin again, and what nobody can have read counts as lost.
#[derive(Debug)]
pub(super) struct Follow {
    path: PathBuf,
    file: File,
    signals: SignalFd,
    position: u64,
    stopped: bool,
    watcher: Watcher,
}

impl Follow {
    /// From now on the two signals end the file, not the program.
    pub(super) fn new(path: &Path, watcher: Watcher) -> io::Result<Self> {
        let file = File::open(path)?;
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGINT);
        mask.add(Signal::SIGTERM);
        mask.thread_block()?;
        let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            signals,
            position: 0,
            stopped: false,
            watcher,
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

    /// Goes on in the file that has the name now, or at the begin of this one, if it has to;
    /// whether it did.
    fn goes_on(&mut self) -> io::Result<bool> {
        let ours = self.file.metadata()?;
        if ours.len() < self.position {
            self.file.rewind()?;
            self.position = 0;
            self.watcher.lose();
            return Ok(true);
        }
        let follows = |now: &Metadata| {
            now.is_file() && now.len() > 0 && (now.dev(), now.ino()) != (ours.dev(), ours.ino())
        };
        let now = self.path.metadata().ok();
        // What was written to the old one meanwhile comes first.
        if now.is_some_and(|now| follows(&now)) && ours.len() == self.position {
            self.file = File::open(&self.path)?;
            self.position = 0;
            return Ok(true);
        }
        Ok(false)
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
            if buffer.is_empty() {
                return Ok(0);
            }
            if !self.goes_on()? {
                if self.stopped {
                    return Ok(0);
                }
                self.pause(PAUSE)?;
            }
        }
    }
}
