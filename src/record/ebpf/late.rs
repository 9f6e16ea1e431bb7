//! Looks at ends of calls from the first filter on.
//!
//! Where no program can run when filters are asked, what a filter refuses is seen at the end of
//! its call. A program there costs every call of the machine what the one at the begin does, and
//! nearly no command installs a filter. So that program is made ready, and runs once it is needed:
//! whoever is about to install the first filter waits in the kernel, at the begin of that call,
//! for a millisecond or so, until it does.
//!
//! Whoever waits keeps his processor, so nothing that is done meanwhile may take until every
//! processor has done something else. That is so for what runs at tracepoints: another tool that
//! takes its program away has all others wait for that. So the program runs at an event, which is
//! opened when recording begins, and late: what others did then is over as a rule.

use std::io::{self, PipeWriter};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

use nix::errno::Errno;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::signal::{SigSet, SigmaskHow};
use nix::unistd::Pid;

use super::EbpfError;
use super::tables::{make, shape, word};
use crate::ebpf::programs::END_EVENT;
use crate::sys::ebpf::{Attached, Kind, Loaded, Map};
use crate::sys::tracing::{Tracefs, Undisturbed};

/// The program at ends of calls, and who lets it run.
#[derive(Debug)]
pub(super) struct Late {
    shared: Arc<Shared>,
    events: Tracefs,
    /// Processors.
    watched: Vec<usize>,
    watchers: Vec<JoinHandle<()>>,
    /// The watchers end when it is closed.
    stop: Option<PipeWriter>,
}

#[derive(Debug)]
struct Shared {
    wanted: Map,
    seen: Map,
    program: Mutex<Program>,
}

#[derive(Debug)]
enum Program {
    /// It is over, or could not run, of which whoever waited tells.
    None,
    Loaded(Loaded),
    /// With its event.
    Ready(Loaded, OwnedFd),
    Runs(Attached),
}

impl Shared {
    fn program(&self) -> MutexGuard<'_, Program> {
        self.program.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut program = self.program();
        *program = match std::mem::replace(&mut *program, Program::None) {
            Program::Ready(loaded, event) => match loaded.attach(|_name| Ok(event)) {
                Ok(attached) => {
                    let _one_value = self.seen.set(&word(0), &1_u64.to_ne_bytes());
                    Program::Runs(attached)
                }
                Err(_told_by_whoever_waits) => Program::None,
            },
            other @ (Program::None | Program::Loaded(_) | Program::Runs(_)) => other,
        };
    }
}

/// Processors on which this process may be.
fn processors() -> Vec<usize> {
    let allowed = sched_getaffinity(Pid::from_raw(0)).unwrap_or_default();
    (0..CpuSet::count())
        .filter(|processor| allowed.is_set(*processor) == Ok(true))
        .collect()
}

/// Those on which somebody watches: some of them, each far from the next.
fn watched() -> Vec<usize> {
    const MOST: usize = 4;
    let all = processors();
    let step = all.len().div_ceil(MOST).max(1);
    all.into_iter().step_by(step).collect()
}

impl Late {
    /// None where it can't be had: whoever waits keeps his processor, so that there must be another
    /// one, and there must be events.
    pub(super) fn new() -> Result<Option<Self>, EbpfError> {
        /// More are not told at a time.
        const ROOM: u32 = 1 << 16;
        let watched = watched();
        let (Ok(events), 2..) = (Tracefs::open(), watched.len()) else {
            return Ok(None);
        };
        Ok(Some(Self {
            shared: Arc::new(Shared {
                wanted: make("ends_wanted", shape(Kind::Ring, 0, 0, ROOM))?,
                seen: make("ends_seen", shape(Kind::Array, 4, 8, 1))?,
                program: Mutex::new(Program::None),
            }),
            events,
            watched,
            watchers: Vec::new(),
            stop: None,
        }))
    }

    /// How many may wait at once: a processor is left for somebody who watches.
    pub(super) fn most(&self) -> i32 {
        let most = self.watched.len().saturating_sub(1);
        i32::try_from(most).unwrap_or(1)
    }

    /// The numbers of its tables: where it is told, and where it tells.
    pub(super) fn numbers(&self) -> (i32, i32) {
        (self.shared.wanted.number(), self.shared.seen.number())
    }

    /// The program that is to run once it is needed.
    pub(super) fn is(&self, loaded: Loaded) {
        *self.shared.program() = Program::Loaded(loaded);
    }

    /// Makes it ready.
    pub(super) fn open(&self) -> Result<(), Errno> {
        let event = self.events.event(END_EVENT)?;
        let mut program = self.shared.program();
        *program = match std::mem::replace(&mut *program, Program::None) {
            Program::Loaded(loaded) => Program::Ready(loaded, event),
            other @ (Program::None | Program::Ready(..) | Program::Runs(_)) => other,
        };
        Ok(())
    }

    /// Watches from now on. Whoever waits may be on any processor, so that several watch, each on
    /// its own, and are there when this returns. If not all of them can be, ends are looked at from
    /// now on.
    pub(super) fn watch(&mut self) {
        if self.start().ok() != Some(self.watched.len()) {
            self.shared.run();
        }
    }

    /// How many watch.
    fn start(&mut self) -> Result<usize, io::Error> {
        let (tells, told) = mpsc::channel();
        let (ends, stop) = io::pipe()?;
        let ends = Arc::new(ends);
        // Signals are for the thread that looks for them.
        let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
        for processor in self.watched.iter().copied() {
            let (shared, ends) = (Arc::clone(&self.shared), Arc::clone(&ends));
            let tells = tells.clone();
            let watcher = move || {
                let mut own = CpuSet::new();
                let alone = own
                    .set(processor)
                    .and_then(|()| sched_setaffinity(Pid::from_raw(0), &own));
                let urgent = Undisturbed::new();
                let _nobody_listens = tells.send(alone.is_ok() && urgent.is_had());
                drop(tells);
                if shared.wanted.await_told(&*ends) {
                    shared.run();
                }
            };
            let started = thread::Builder::new()
                .name("ends".to_owned())
                .spawn(watcher);
            self.watchers.extend(started);
        }
        before.thread_set_mask()?;
        self.stop = Some(stop);
        drop(tells);
        Ok(told.iter().filter(|watches| *watches).count())
    }

    /// How often the program could not run.
    pub(super) fn missed(&self) -> u64 {
        match &*self.shared.program() {
            Program::Runs(attached) => attached.missed(),
            Program::None | Program::Loaded(_) | Program::Ready(..) => 0,
        }
    }

    /// Ends, but for what the kernel takes its time to let go of.
    pub(super) fn end(&self) -> Option<OwnedFd> {
        match std::mem::replace(&mut *self.shared.program(), Program::None) {
            Program::None | Program::Loaded(_) => None,
            Program::Ready(_, event) => Some(event),
            Program::Runs(attached) => Some(attached.into_link()),
        }
    }
}

impl Drop for Late {
    fn drop(&mut self) {
        self.stop = None;
        for watcher in self.watchers.drain(..) {
            let _ended = watcher.join();
        }
    }
}
