//! A traced thread, as the type says: it runs, or it is stopped. Only a stopped one can be asked
//! or resumed, and resuming consumes it.

use nix::errno::Errno;

use crate::record::RecordError;
use crate::record::counts::{Open, ProgramId};
use crate::sys::kernel::{CallStop, Kernel, Resume, Signo, Tid};

/// A thread that runs, or that the kernel keeps in a group stop.
#[derive(Debug)]
pub(super) struct Running {
    tid: Tid,
}

/// A thread that is stopped and waits for the tracer.
#[derive(Debug)]
#[must_use = "a stopped thread stays stopped until it is resumed"]
pub(super) struct Stopped {
    tid: Tid,
}

/// The thread was killed in its stop. Its end is still to be reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Killed;

impl Running {
    /// A thread that was just seized.
    pub(super) const fn seized(tid: Tid) -> Self {
        Self { tid }
    }

    /// The kernel has reported that it stopped.
    pub(super) const fn stopped(self) -> Stopped {
        Stopped { tid: self.tid }
    }
}

impl Stopped {
    /// A new thread that the kernel reports before its parent does.
    pub(super) const fn new(tid: Tid) -> Self {
        Self { tid }
    }

    pub(super) const fn tid(&self) -> Tid {
        self.tid
    }

    /// Lets it go on.
    pub(super) fn resume(
        self,
        kernel: &mut impl Kernel,
        how: Resume,
        signal: Option<Signo>,
    ) -> Result<Running, RecordError> {
        let resumed = kernel.resume(self.tid, how, signal);
        self.went("let a process go on", resumed)
    }

    /// Leaves it in its group stop.
    pub(super) fn listen(self, kernel: &mut impl Kernel) -> Result<Running, RecordError> {
        let resumed = kernel.listen(self.tid);
        self.went("leave a process stopped", resumed)
    }

    /// Lets it go for good.
    pub(super) fn detach(
        self,
        kernel: &mut impl Kernel,
        signal: Option<Signo>,
    ) -> Result<(), RecordError> {
        match kernel.detach(self.tid, signal) {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(error) => Err(RecordError::kernel("let go of a process", error)),
        }
    }

    /// One that was killed meanwhile runs to its end.
    fn went(self, what: &'static str, resumed: Result<(), Errno>) -> Result<Running, RecordError> {
        match resumed {
            Ok(()) | Err(Errno::ESRCH) => Ok(Running { tid: self.tid }),
            Err(error) => Err(RecordError::kernel(what, error)),
        }
    }

    /// The call at which it stopped.
    pub(super) fn call(&self, kernel: &mut impl Kernel) -> Result<CallStop, Killed> {
        // A record that was not filled would be call 0 of nobody.
        kernel.call(self.tid).map_err(|_gone| Killed)
    }

    /// What comes with its event.
    pub(super) fn message(&self, kernel: &mut impl Kernel) -> Result<Tid, Killed> {
        let message = kernel.message(self.tid).map_err(|_gone| Killed)?;
        i32::try_from(message).map(Tid).map_err(|_no_thread| Killed)
    }
}

impl Tracee {
    pub(super) fn leads(&self, tid: Tid) -> bool {
        self.leader == tid
    }
}

/// What is known of a traced thread.
#[derive(Debug)]
pub(super) struct Tracee {
    /// `None` while the loop has it in hand.
    pub(super) running: Option<Running>,
    pub(super) program: ProgramId,
    /// How it goes on from a stop.
    pub(super) how: Resume,
    /// The thread that leads its process.
    pub(super) leader: Tid,
    /// The call that it is in, where ends of calls are seen.
    pub(super) open: Option<Open>,
    /// A filter of the program's own is on it.
    pub(super) own_filter: bool,
    /// It stops before its end.
    pub(super) stops_at_end: bool,
    /// An argument that is changed until the call has its answer: its architecture and value.
    pub(super) borrowed: Option<(u32, u64)>,
    /// It is let go at its next stop.
    pub(super) unwanted: bool,
}
