//! Runs a program and sees every system call of it and of all that it starts.
//!
//! [`Session`] is what to record and how; [`backend::choose`] says with what, and why. A backend
//! has one event loop, which asks the kernel through `sys::kernel::Kernel`, counts into
//! [`Observations`] and tells a [`Watch`] how far it has come. What was seen goes into an
//! [`event::Sink`](crate::event::Sink) as sightings, as it does for a log.

pub mod backend;
mod children;
mod counts;
mod denials;
mod detached;
mod ebpf;
mod filter;
mod floor;
mod known;
mod launch;
mod notify;
mod ptrace;
mod under;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CString;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;

use crate::event::{Capture, Denial};
pub use crate::sys::{Signo, Tid};
pub use backend::{Backend, Choice, Stops, Wish};
pub use counts::{First, Observations};
pub use detached::detach;
pub use ebpf::{
    Contained, Containers, EbpfError, Look, WatchContainers, Which, Why, is_there, mount_namespace,
};
pub use floor::RuntimeTracer;
pub use known::Known;
pub use under::{Mode, Under};

/// What is recorded.
#[derive(Debug, Clone)]
pub enum Target {
    /// A program that is started for it.
    Command(Command),
    /// A process that runs already.
    Process {
        /// Its number.
        pid: Tid,
        /// The processes that it starts are recorded too.
        follow: bool,
    },
    /// A container that runs already: its first process and all others that share its PID
    /// namespace, also those that come into it from outside later.
    Container {
        /// The number of its first process.
        first: Tid,
    },
}

impl Target {
    /// Whether it runs before it is recorded.
    pub(crate) const fn is_attached(&self) -> bool {
        match self {
            Self::Command(_) => false,
            Self::Process { .. } | Self::Container { .. } => true,
        }
    }
}

/// A program to be started.
#[derive(Debug, Clone)]
pub struct Command {
    /// The files to try in this order: one, or the name in each folder of a search path.
    pub candidates: Vec<PathBuf>,
    /// Its arguments, its own name first.
    pub arguments: Vec<CString>,
}

/// What to record and how.
#[derive(Debug, Clone)]
pub struct Session {
    /// What.
    pub target: Target,
    /// With what.
    pub wish: Wish,
    /// Also how each call ended.
    pub results: bool,
    /// End the program if the recorder dies.
    pub kill_on_exit: bool,
    /// The name that stands for the run in the recording.
    pub label: String,
    /// What the user wants to have written beside it.
    pub labels: BTreeMap<String, String>,
    /// Calls that are known beforehand and need no recording.
    pub known: Known,
    /// A filter that it runs under.
    pub under: Option<Under>,
    /// The watcher draws on standard error and has to know when the program uses that terminal.
    pub draws: bool,
}

impl Session {
    fn capture(&self, choice: &Choice) -> Capture {
        Capture {
            backend: choice.backend.name().to_owned(),
            reason: choice.reason.clone(),
            results: self.results,
            labels: self.labels.clone(),
            // Without a filter everything is recorded, whatever is known.
            known: if choice.backend == Backend::Ptrace(Stops::BeginAndEnd) {
                BTreeSet::new()
            } else {
                self.known.from.clone()
            },
            under: self.under.as_ref().map(Under::capture),
            ..Capture::default()
        }
    }
}

impl Finished {
    fn of(mut seen: Observations, end: End, elapsed: Duration, processes: u64) -> Self {
        seen.has_taken(elapsed);
        Self {
            seen,
            end,
            elapsed,
            processes,
        }
    }
}

/// How the recorded program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself, with this status.
    Exited(i32),
    /// By a signal.
    Killed(Signo),
    /// It runs on without being recorded.
    LeftRunning,
    /// It was attached to, and is gone; only its parent knows how.
    Gone,
}

/// What a recorder has to show.
#[derive(Debug)]
pub struct Finished {
    /// What was seen.
    pub seen: Observations,
    /// How the program ended.
    pub end: End,
    /// How long it took.
    pub elapsed: Duration,
    /// Processes that were met.
    pub processes: u64,
}

/// How far a recorder has come.
#[derive(Debug)]
pub struct Progress<'a> {
    /// Since the start.
    pub elapsed: Duration,
    /// Processes that run.
    pub processes: usize,
    /// Processes that were met in all.
    pub met: u64,
    /// What was seen so far.
    pub seen: &'a Observations,
    /// Whether the program has used the terminal since the watcher was told, for a recorder that
    /// can't tell before it does.
    pub used_since: Option<&'a dyn Used>,
}

/// Can be asked whether the terminal was used.
pub trait Used: std::fmt::Debug {
    /// Whether the program has used it since the watcher was told.
    fn used(&self) -> bool;
}

/// What a watcher wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// That is enough.
    Enough,
}

/// What a program is about to do to what may be a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerminalUse {
    /// Write to it.
    Writes,
    /// Read from it.
    Reads,
    /// Take it over: change how it works, as editors and shells do.
    TakesOver,
}

impl TerminalUse {
    /// What a call does, by its first two arguments.
    fn of(special: counts::Special, first: u64, second: u64) -> Option<Self> {
        /// `TCSETS`, `TCSETSW`, `TCSETSF` and their like with `struct termios2`, in
        /// include/uapi/asm-generic/ioctls.h; where they differ the screen stays.
        const SETTINGS: [u64; 6] = [
            0x5402,
            0x5403,
            0x5404,
            0x402c_542b,
            0x402c_542c,
            0x402c_542d,
        ];
        if special == counts::Special::Output && matches!(first, 1 | 2) {
            Some(Self::Writes)
        } else if special == counts::Special::Input && first == 0 {
            Some(Self::Reads)
        } else if special == counts::Special::Ioctl && SETTINGS.contains(&second) {
            Some(Self::TakesOver)
        } else {
            None
        }
    }
}

/// Hears how a recording goes.
pub trait Watch {
    /// The program was started, or the process attached to.
    fn started(&mut self, choice: &Choice, pid: Tid);
    /// A kind of call was seen for the first time.
    fn first(&mut self, first: &First);
    /// The filter that the program runs under did not allow a call, for the first time of its kind.
    fn denied(&mut self, _denial: &Denial) {}
    /// Some time has passed, a quarter of a second or a little more.
    fn tick(&mut self, progress: &Progress<'_>) -> Control;
    /// What was seen so far is to be kept, and what comes is another recording. Whether it was
    /// kept: if not, the recording goes on as it was.
    fn begins_anew(&mut self, _seen: &Observations) -> bool {
        false
    }
    /// The program is about to use a standard stream.
    fn uses_terminal(&mut self, how: TerminalUse);
    /// The program was stopped by job control, or goes on after that.
    fn stopped(&mut self, stopped: bool);
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// There is no such program.
    #[error("can't find `{}`", program.escape_debug())]
    NotFound {
        /// Its name.
        program: String,
    },
    /// There is one that can't be executed.
    #[error("can't execute `{}`", program.escape_debug())]
    NotExecutable {
        /// Its name.
        program: String,
        /// Why.
        #[source]
        source: Errno,
    },
    /// A name or an argument has a NUL in it.
    #[error("can't execute `{}`: there is a NUL in it", program.escape_debug())]
    Nul {
        /// The name.
        program: String,
    },
    /// The kernel does not let this user do it.
    #[error("not permitted to {what}")]
    NotPermitted {
        /// What.
        what: String,
        /// Why.
        #[source]
        source: Errno,
    },
    /// The kernel can't do it.
    #[error("this kernel can't {what}")]
    NotSupported {
        /// What.
        what: &'static str,
    },
    /// There is no such process, or no more.
    #[error("there is no process {pid}")]
    NoProcess {
        /// Its number.
        pid: Tid,
    },
    /// Another tracer has it, and there can be only one.
    #[error("process {pid} is traced by process {tracer} already")]
    Traced {
        /// Its number.
        pid: Tid,
        /// The tracer.
        tracer: Tid,
    },
    /// What was asked for does not go together.
    #[error("{0}")]
    Contradiction(&'static str),
    /// eBPF can't be had, or failed.
    #[error(transparent)]
    Ebpf(#[from] EbpfError),
    /// The kernel would not take a filter and what its tracer needs beside it.
    #[error(
        "the filter has {instructions} instructions with what its tracer needs; the kernel takes {}",
        crate::bpf::MAX_INSTRUCTIONS
    )]
    TooLong {
        /// How many.
        instructions: usize,
    },
    /// The kernel failed where it should not.
    #[error("can't {what}")]
    Kernel {
        /// What.
        what: &'static str,
        /// Why.
        #[source]
        source: Errno,
    },
}

impl RecordError {
    pub(crate) const fn kernel(what: &'static str, source: Errno) -> Self {
        Self::Kernel { what, source }
    }
}

/// A way of recording.
pub trait Recorder {
    /// Records until the program and all that it started are gone, or the watcher has enough.
    fn record(self: Box<Self>, watch: &mut dyn Watch) -> Result<Finished, RecordError>;
}

/// Chooses a recorder for a session.
/// With a process in front, that one lets the program live on if this one dies. Where a kernel
/// turns out not to take programs it is another one, unless they were asked for.
pub fn recorder(session: Session, front: Option<&Front>) -> Result<Box<dyn Recorder>, RecordError> {
    let mut host = backend::Host::of_this_process();
    let mut choice = backend::choose(&session, &host)?;
    if choice.backend == Backend::Ebpf {
        match ebpf::Ebpf::new(&session, choice) {
            Ok(recorder) => return Ok(Box::new(recorder)),
            Err(RecordError::Ebpf(error)) if session.wish == Wish::Auto => {
                let why = error.in_a_line();
                host.no_programs = Some(why.clone());
                choice = backend::choose(&session, &host)?;
                choice.instead_of_ebpf = Some(why);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(match choice.backend {
        Backend::Notify => {
            let spare = front.and_then(|front| front.socket.try_clone().ok());
            Box::new(notify::Notify::new(session, choice, spare))
        }
        // eBPF is not chosen once more where there is none.
        Backend::Ptrace(_) | Backend::Ebpf => Box::new(ptrace::Ptrace::new(session, choice, host)),
    })
}

/// Which of two processes this is; see [`split`].
#[derive(Debug)]
pub enum Side {
    /// The one in front. The recorder has ended, with this status if it was not killed.
    Front(Option<i32>),
    /// The recorder, and the process in front of it.
    Recorder(Front),
}

/// The process in front of the recorder.
#[derive(Debug)]
pub struct Front {
    pid: Tid,
    socket: UnixDatagram,
}

impl Front {
    /// Stops it, as job control stops the program, or lets it go on.
    pub fn stop(&self, stopped: bool) {
        let signal = if stopped {
            libc::SIGSTOP
        } else {
            libc::SIGCONT
        };
        // If it is gone nobody is left to be told.
        let _gone = crate::sys::process::signal(self.pid, Signo(signal));
    }
}

/// Splits this process, which must have one thread, in two: one that can be killed without harm,
/// and behind it the recorder, which also adopts the orphans of what it records. With
/// `end_together` the recorder ends when the one in front does.
pub fn split(end_together: bool) -> Result<Side, RecordError> {
    use crate::sys::front::{self, Ended};
    let side = front::split(end_together)
        .map_err(|error| RecordError::kernel("start the recorder's process", error))?;
    match side {
        front::Side::Front(Ended::Exited(status)) => Ok(Side::Front(Some(status))),
        front::Side::Front(Ended::Killed(_)) => Ok(Side::Front(None)),
        front::Side::Behind(pid, socket) => {
            crate::sys::process::adopt_orphans()
                .map_err(|error| RecordError::kernel("adopt orphans", error))?;
            Ok(Side::Recorder(Front { pid, socket }))
        }
    }
}
