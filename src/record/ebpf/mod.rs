//! Recording with eBPF: programs in the kernel count calls, and nobody waits for a recorder.
//!
//! The set of calls is kept where it arises, so that a call which was seen before costs an
//! addition and no event, and nothing can be lost between the kernel and this process. What does
//! not fit is counted and told. A quarter of a second may pass before a screen shows a new call.
//!
//! The programs run at the begin of calls, after seccomp was asked: what a filter refuses is not
//! seen there. It is seen where the kernel asks filters; with [`Session::results`], for
//! containers, and where a kernel does not let programs run there, at the end of calls.

mod at_once;
mod containers;
mod error;
mod groups;
mod late;
mod observe;
mod probe;
mod retire;
mod run_loop;
mod snapshot;
mod tables;
#[cfg(test)]
mod tests;

use std::os::unix::fs::MetadataExt as _;

use super::backend::Choice;
use super::children::descendants;
use super::{Command, Finished, RecordError, Recorder, Session, Target, Watch, launch};
use crate::ebpf::programs::Rule;
use crate::event::Gap;
use crate::sys::kernel::Tid;
use crate::sys::linux::Linux;
use crate::sys::{ebpf, programs, seccomp, signals};

pub use containers::{
    Contained, Containers, Look, WatchContainers, Which, Why, is_there, mount_namespace,
};
pub use error::EbpfError;
pub(crate) use probe::{may_follow, may_load, numbers_are_the_kernels};

use observe::Frame;
use probe::{Probe, Wanted};
use run_loop::Loop;
use tables::Sizes;

/// The recorder.
#[derive(Debug)]
pub(super) struct Ebpf {
    session: Session,
    choice: Choice,
    probe: Probe,
}

impl Ebpf {
    /// Runs the programs, which record nobody yet. What can't be had is said here, before
    /// anything is started.
    pub(super) fn new(session: &Session, mut choice: Choice) -> Result<Self, RecordError> {
        let mut wanted = Wanted {
            rule: rule(session)?,
            results: session.results,
            sizes: Sizes::ONE,
            storage: None,
            refused: None,
            at_events: None,
            unfiltered: !seccomp::is_filtered(),
            terminal: (session.draws && !session.target.is_attached())
                .then(terminal)
                .flatten(),
        };
        let mut probe = Probe::new(wanted)?;
        match probe.attach() {
            Err(_no_event) if probe.looks_late() => {
                drop(probe);
                wanted.unfiltered = false;
                probe = Probe::new(wanted)?;
                probe.attach()
            }
            attached => attached,
        }?;
        probe.check_follows()?;
        if let Some(why) = &probe.at_end {
            let former = &choice.reason;
            let when = if probe.looks_late() {
                "at which is looked once one is installed"
            } else {
                "which costs more"
            };
            choice.reason = format!(
                "{former}; what a filter refuses is seen at the end of calls, {when}: no program can run where filters are asked: {why}"
            );
        }
        if let Some(why) = &probe.left_out {
            choice.reason = format!("{}; {}", choice.reason, why.in_a_line());
        }
        Ok(Self {
            session: session.clone(),
            choice,
            probe,
        })
    }

    fn frame(&self, gaps: Vec<Gap>) -> Frame {
        Frame {
            label: self.session.label.clone(),
            capture: self.session.capture(&self.choice),
            gaps,
            since: ebpf::now(),
            launched: self.choice.launched,
            contained: false,
        }
    }

    fn launch(mut self, command: &Command, watch: &mut dyn Watch) -> Result<Finished, RecordError> {
        let child = launch::suspended(command, None, false)?;
        let pid = child.pid();
        listen()?;
        signals::hear_children()
            .map_err(|error| RecordError::kernel("listen to signals", error))?;
        self.probe.follow_child(pid)?;
        self.probe.watch_for_filters();
        let frame = self.frame(Vec::new());
        let report = child.go();
        watch.started(&self.choice, pid);
        let mut run = Loop::new(Linux::new(), self.probe, frame, watch);
        run.with_children(pid)?;
        let finished = run.finish()?;
        if finished.seen.calls() == 0 {
            return Err(launch::failure(command, report.failed()));
        }
        Ok(finished)
    }

    fn attach(self, pid: Tid, watch: &mut dyn Watch) -> Result<Finished, RecordError> {
        listen()?;
        // One that is being started while its parent is not followed yet is met at the next look.
        let mut kernel = Linux::new();
        let mut known = std::collections::BTreeSet::new();
        loop {
            let before = known.len();
            for process in std::iter::once(pid).chain(descendants(&mut kernel, pid)) {
                if known.insert(process) {
                    self.probe.follow_process(process)?;
                }
            }
            if known.len() == before {
                break;
            }
        }
        watch.started(&self.choice, pid);
        let frame = self.frame(vec![Gap::NoStart]);
        let mut run = Loop::new(kernel, self.probe, frame, watch);
        run.until_enough(pid)?;
        run.finish()
    }
}

/// Who is recorded of those that are there.
fn rule(session: &Session) -> Result<Rule, RecordError> {
    match session.target {
        Target::Command(_) => Ok(Rule::Nobody),
        Target::Process { pid, .. } if programs::name(pid).is_none() => {
            Err(RecordError::NoProcess { pid })
        }
        Target::Process { .. } if !numbers_are_the_kernels() => Err(EbpfError::Numbers.into()),
        Target::Process { .. } => Ok(Rule::Processes),
        Target::Container { .. } => Err(RecordError::Contradiction(
            "eBPF records containers from outside, by their mount namespace",
        )),
    }
}

/// The number that the kernel has for the terminal on standard error, `include/linux/kdev_t.h`.
fn terminal() -> Option<i32> {
    let device = std::fs::metadata("/proc/self/fd/2").ok()?.rdev();
    let number = libc::major(device) << 20 | libc::minor(device);
    i32::try_from(number).ok().filter(|number| *number > 0)
}

fn listen() -> Result<(), RecordError> {
    signals::listen()
        .and_then(|()| signals::tick())
        .map_err(|error| RecordError::kernel("listen to signals", error))
}

impl Recorder for Ebpf {
    fn record(self: Box<Self>, watch: &mut dyn Watch) -> Result<Finished, RecordError> {
        match self.session.target.clone() {
            Target::Command(command) => self.launch(&command, watch),
            Target::Process { pid, .. } | Target::Container { first: pid } => {
                self.attach(pid, watch)
            }
        }
    }
}
