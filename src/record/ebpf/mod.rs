//! Recording with eBPF: programs in the kernel count calls, and nobody waits for a recorder.
//!
//! The set of calls is kept where it arises, so that a call which was seen before costs an
//! addition and no event, and nothing can be lost between the kernel and this process. What does
//! not fit is counted and told. A quarter of a second may pass before a screen shows a new call.
//!
//! The programs run at the begin of calls, after seccomp was asked: what a filter refuses is not
//! seen there. With [`Session::results`], and for containers, they run at the end of calls too,
//! where it is seen.

mod containers;
mod error;
mod groups;
mod observe;
mod probe;
mod retire;
mod run_loop;
mod snapshot;
mod tables;
#[cfg(test)]
mod tests;

use super::backend::Choice;
use super::{Command, Finished, RecordError, Recorder, Session, Target, Watch, launch};
use crate::ebpf::programs::Rule;
use crate::event::Gap;
use crate::sys::kernel::Tid;
use crate::sys::linux::Linux;
use crate::sys::{programs, signals};

pub use containers::{
    Contained, Containers, Look, WatchContainers, Which, Why, is_there, mount_namespace,
};
pub use error::EbpfError;
pub(crate) use probe::{may_load, numbers_are_the_kernels};

use observe::Frame;
use probe::{Probe, Wanted};
use run_loop::Loop;
use tables::Sizes;

/// The recorder.
#[derive(Debug)]
pub(super) struct Ebpf {
    session: Session,
    choice: Choice,
}

impl Ebpf {
    pub(super) const fn new(session: Session, choice: Choice) -> Self {
        Self { session, choice }
    }

    fn wanted(&self, rule: Rule) -> Wanted {
        Wanted {
            rule,
            ends: self.session.results,
            sizes: Sizes::ONE,
            storage: None,
        }
    }

    fn frame(&self, probe: &Probe, gaps: Vec<Gap>) -> Frame {
        Frame {
            label: self.session.label.clone(),
            capture: self.session.capture(&self.choice),
            gaps,
            since: probe.since,
            launched: self.choice.launched,
            ends: self.session.results,
            contained: false,
        }
    }

    fn launch(&self, command: &Command, watch: &mut dyn Watch) -> Result<Finished, RecordError> {
        let mut probe = Probe::new(self.wanted(Rule::Nobody))?;
        let child = launch::suspended(command, None, false)?;
        let pid = child.pid();
        listen()?;
        signals::hear_children()
            .map_err(|error| RecordError::kernel("listen to signals", error))?;
        probe.follow_child(pid)?;
        probe.attach()?;
        let report = child.go();
        watch.started(&self.choice, pid);
        let frame = self.frame(&probe, Vec::new());
        let mut run = Loop::new(Linux::new(), probe, frame, watch);
        run.main = Some(pid);
        run.with_children()?;
        let finished = run.finish()?;
        if finished.seen.calls() == 0 {
            return Err(launch::failure(command, report.failed()));
        }
        Ok(finished)
    }

    fn attach(&self, pid: Tid, watch: &mut dyn Watch) -> Result<Finished, RecordError> {
        if programs::name(pid).is_none() {
            return Err(RecordError::NoProcess { pid });
        }
        if !numbers_are_the_kernels() {
            return Err(EbpfError::Numbers.into());
        }
        let mut probe = Probe::new(self.wanted(Rule::Processes))?;
        listen()?;
        probe.attach()?;
        // One that is being started while its parent is not followed yet is met at the next look.
        let mut known = std::collections::BTreeSet::new();
        loop {
            let before = known.len();
            for process in descendants(pid) {
                if known.insert(process) {
                    probe.follow_process(process)?;
                }
            }
            if known.len() == before {
                break;
            }
        }
        watch.started(&self.choice, pid);
        let frame = self.frame(&probe, vec![Gap::NoStart]);
        let mut run = Loop::new(Linux::new(), probe, frame, watch);
        run.followed = Some(pid);
        run.until_enough()?;
        run.finish()
    }
}

fn listen() -> Result<(), RecordError> {
    signals::listen()
        .and_then(|()| signals::tick())
        .map_err(|error| RecordError::kernel("listen to signals", error))
}

/// A process and all that it started and that still runs.
fn descendants(pid: Tid) -> Vec<Tid> {
    let mut all = vec![pid];
    let mut at = 0;
    while let Some(pid) = all.get(at).copied() {
        all.extend(programs::children(pid));
        at += 1;
    }
    all
}

impl Recorder for Ebpf {
    fn record(self: Box<Self>, watch: &mut dyn Watch) -> Result<Finished, RecordError> {
        match &self.session.target {
            Target::Command(command) => self.launch(command, watch),
            Target::Process { pid, .. } => self.attach(*pid, watch),
            Target::Container { .. } => Err(RecordError::Contradiction(
                "eBPF records containers from outside, by their mount namespace",
            )),
        }
    }
}
