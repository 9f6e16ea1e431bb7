//! The program and what it left behind, for a recorder whose children they are and which does not
//! trace them: how they end, and how they are made to.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Control, End, RecordError, Watch};
use crate::sys::kernel::{Asked, Change, Kernel, Signo, Tid, Wait};

/// How long a program may take to end after it was asked to.
pub(super) const GRACE: Duration = Duration::from_secs(10);

/// What the recorder is up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Recording,
    /// The program was asked to end, then.
    Ending(Duration),
    Killing,
}

/// What is known of them.
#[derive(Debug)]
pub(super) struct Children {
    /// The child that became the program.
    main: Tid,
    end: Option<End>,
    stopped: bool,
    phase: Phase,
    interrupts: u32,
}

impl Children {
    pub(super) const fn new(main: Tid) -> Self {
        Self {
            main,
            end: None,
            stopped: false,
            phase: Phase::Recording,
            interrupts: 0,
        }
    }

    /// How the program ended, if it has.
    pub(super) const fn end(&self) -> Option<End> {
        self.end
    }

    /// Looks who ended, and how, which `ended` is told; whether nobody is left.
    pub(super) fn reap(
        &mut self,
        kernel: &mut impl Kernel,
        watch: &mut dyn Watch,
        mut ended: impl FnMut(Tid, End),
    ) -> Result<bool, RecordError> {
        while let Some(wait) = kernel.look() {
            match wait {
                Wait::Changed(tid, change) => {
                    if let Some(end) = self.changed(tid, change, watch) {
                        ended(tid, end);
                    }
                }
                Wait::Nobody => return Ok(true),
                Wait::Interrupted => {}
                Wait::Failed(error) => return Err(RecordError::kernel("wait", error)),
            }
        }
        Ok(false)
    }

    fn changed(&mut self, tid: Tid, change: Change, watch: &mut dyn Watch) -> Option<End> {
        let end = match change {
            Change::Exited(status) => End::Exited(status),
            Change::Killed(signal) => End::Killed(signal),
            Change::Stopped { .. } | Change::Continued => {
                self.stops(tid, change != Change::Continued, watch);
                return None;
            }
            Change::Unknown(_) => return None,
        };
        if tid == self.main {
            self.end = Some(end);
            self.stops(tid, false, watch);
        }
        Some(end)
    }

    /// Tells when job control stops the program, or lets it go on. That it went on may be hidden
    /// by its end.
    fn stops(&mut self, tid: Tid, stopped: bool, watch: &mut dyn Watch) {
        if tid == self.main && self.stopped != stopped {
            self.stopped = stopped;
            watch.stopped(stopped);
        }
    }

    /// Signals came to the recorder. Ctrl-C was sent to the program too by the terminal; what is
    /// left behind has left the terminal.
    pub(super) fn asked(&mut self, kernel: &mut impl Kernel, asked: Asked) {
        if let Some(signal) = asked.forward {
            self.signal(kernel, signal);
        }
        for _ in 0..asked.interrupts {
            self.interrupts += 1;
            if self.interrupts > 1 {
                self.kill(kernel);
            } else if self.end.is_some() {
                self.ask_to_end(kernel);
            }
        }
    }

    /// What the watcher wants at a tick.
    pub(super) fn control(&mut self, kernel: &mut impl Kernel, control: Control) {
        let elapsed = kernel.elapsed();
        match self.phase {
            Phase::Recording if control == Control::Enough => self.ask_to_end(kernel),
            Phase::Ending(since) if elapsed.saturating_sub(since) >= GRACE => self.kill(kernel),
            Phase::Recording | Phase::Ending(_) | Phase::Killing => {}
        }
    }

    fn ask_to_end(&mut self, kernel: &mut impl Kernel) {
        self.phase = Phase::Ending(kernel.elapsed());
        self.signal(kernel, Signo(libc::SIGTERM));
    }

    fn kill(&mut self, kernel: &mut impl Kernel) {
        self.phase = Phase::Killing;
        signal_all(kernel, Signo(libc::SIGKILL));
    }

    /// To the program, or to what it left behind.
    fn signal(&self, kernel: &mut impl Kernel, signal: Signo) {
        match self.end {
            None => kernel.signal(self.main, signal),
            Some(_) => signal_all(kernel, signal),
        }
    }
}

fn signal_all(kernel: &mut impl Kernel, signal: Signo) {
    for pid in own(kernel) {
        kernel.signal(pid, signal);
    }
}

/// All processes that the recorder has, as the kernel tells them: orphans are its children.
pub(super) fn own(kernel: &mut impl Kernel) -> BTreeSet<Tid> {
    i32::try_from(std::process::id())
        .map(|own| descendants(kernel, Tid(own)))
        .unwrap_or_default()
}

/// All that a process started and that still runs.
pub(super) fn descendants(kernel: &mut impl Kernel, of: Tid) -> BTreeSet<Tid> {
    let mut all = BTreeSet::new();
    let mut rest = kernel.children(of);
    while let Some(pid) = rest.pop() {
        if all.insert(pid) {
            rest.extend(kernel.children(pid));
        }
    }
    all
}
