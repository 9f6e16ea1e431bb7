//! Recording with ptrace: each call stops the thread that makes it.

mod calls;
mod ending;
mod run_loop;
mod stop;
mod tracee;

#[cfg(test)]
mod tests;

use std::time::Duration;

use nix::errno::Errno;

use super::backend::{Choice, Host, Stops};
use super::filter::{Known, filter};
use super::{Backend, End, Finished, RecordError, Recorder, Session, Target, Watch, launch};
use crate::event::{Capture, Gap};
use crate::record::counts::Observations;
use crate::sys::kernel::{Kernel as _, Resume, Tid, TraceOptions};
use crate::sys::linux::Linux;
use crate::sys::seccomp::{For, RET_TRACE};
use crate::sys::{programs, signals};

use run_loop::{Loop, Rules};

/// The recorder.
#[derive(Debug)]
pub(super) struct Ptrace {
    session: Session,
    choice: Choice,
    host: Host,
}

impl Ptrace {
    pub(super) const fn new(session: Session, choice: Choice, host: Host) -> Self {
        Self {
            session,
            choice,
            host,
        }
    }

    fn capture(&self) -> Capture {
        Capture {
            backend: self.choice.backend.name().to_owned(),
            reason: self.choice.reason.clone(),
            results: self.session.results,
            labels: self.session.labels.clone(),
            ..Capture::default()
        }
    }

    fn stops(&self) -> Stops {
        let Backend::Ptrace(stops) = self.choice.backend;
        stops
    }

    fn rules(&self) -> Rules {
        let follow = match self.session.target {
            Target::Command(_) => true,
            Target::Process { follow, .. } => follow,
        };
        Rules {
            options: TraceOptions {
                processes: follow,
                kill_on_exit: self.session.kill_on_exit,
            },
            how: match self.stops() {
                Stops::Filter => Resume::Free,
                Stops::BeginAndEnd => Resume::ToCall,
            },
            results: self.session.results,
            attached: matches!(self.session.target, Target::Process { .. }),
            keeps_privileges: self.host.tracer,
        }
    }
}

impl Recorder for Ptrace {
    fn record(self: Box<Self>, watch: &mut dyn Watch) -> Result<Finished, RecordError> {
        match self.session.target.clone() {
            Target::Command(command) => self.launch(&command, watch),
            Target::Process { pid, .. } => self.attach(pid, watch),
        }
    }
}

impl Ptrace {
    fn launch(
        &self,
        command: &super::Command,
        watch: &mut dyn Watch,
    ) -> Result<Finished, RecordError> {
        let code = match self.stops() {
            Stops::Filter => Some((filter(&Known::new(), RET_TRACE, true), For::Tracer)),
            Stops::BeginAndEnd => None,
        };
        let child = launch::suspended(command, code, self.choice.no_new_privileges)?;
        let pid = child.pid();
        let mut kernel = Linux::new();
        let rules = self.rules();
        signals::listen().map_err(|error| RecordError::kernel("listen to signals", error))?;
        // A child that is not told to go ends when the pipe to it closes.
        kernel
            .seize(pid, rules.options)
            .map_err(|source| RecordError::NotPermitted {
                what: "trace a process that it started itself".to_owned(),
                source,
            })?;
        // Without it a kernel before 5.3 would show nothing to look at.
        if kernel.call(pid) == Err(Errno::EIO) {
            return Err(RecordError::NotSupported {
                what: "tell the architecture of a call (Linux 5.3 can)",
            });
        }
        signals::tick().map_err(|error| RecordError::kernel("start a timer", error))?;
        let mut report = child
            .go()
            .map_err(|_closed| RecordError::kernel("start the program", Errno::EPIPE))?;
        watch.started(&self.choice, pid);
        let seen = Observations::new(&self.session.label, self.capture());
        let mut run = Loop::new(kernel, rules, seen, watch);
        run.launched(pid);
        run.run()?;
        let finished = run.finish();
        if finished.seen.calls() == 0 {
            return Err(launch::failure(command, report.read()));
        }
        Ok(finished)
    }

    fn attach(&self, pid: Tid, watch: &mut dyn Watch) -> Result<Finished, RecordError> {
        let kernel = Linux::new();
        signals::listen().map_err(|error| RecordError::kernel("listen to signals", error))?;
        let mut seen = Observations::new(&self.session.label, self.capture());
        seen.gap(Gap::NoStart);
        let mut run = Loop::new(kernel, self.rules(), seen, watch);
        run.attach(pid).map_err(|error| match error {
            Errno::ESRCH => RecordError::NoProcess { pid },
            Errno::EPERM => match programs::tracer(pid) {
                Some(tracer) => RecordError::Traced { pid, tracer },
                None => RecordError::NotPermitted {
                    what: format!("trace process {pid}"),
                    source: error,
                },
            },
            error => RecordError::kernel("trace a process", error),
        })?;
        signals::tick().map_err(|error| RecordError::kernel("start a timer", error))?;
        run.started(&self.choice, pid);
        run.run()?;
        Ok(run.finish())
    }
}

impl Finished {
    fn of(mut seen: Observations, end: End, elapsed: Duration, processes: u64) -> Self {
        seen.capture.milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        Self {
            seen,
            end,
            elapsed,
            processes,
        }
    }
}
