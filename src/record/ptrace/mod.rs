//! Recording with ptrace: each call stops the thread that makes it.

mod calls;
mod ending;
mod refusal;
mod run_loop;
mod stop;
mod tracee;

#[cfg(test)]
mod tests;

use nix::errno::Errno;

use super::backend::{Choice, Host, Stops};
use super::filter::filter;
use super::{Backend, Finished, RecordError, Recorder, Session, Target, Watch, launch};
use crate::bpf::RET_TRACE;
use crate::event::{Gap, UnderProfile};
use crate::record::counts::Observations;
use crate::record::under::Judge;
use crate::sys::kernel::{Kernel as _, Resume, Tid, TraceOptions};
use crate::sys::linux::Linux;
use crate::sys::seccomp::{For, TRACE_COOKIE};
use crate::sys::{programs, signals};

use run_loop::{Loop, Rules};

/// The filter's word on a call that is to be recorded.
const REPORT: u32 = RET_TRACE | TRACE_COOKIE as u32;

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

    fn stops(&self) -> Stops {
        match self.choice.backend {
            Backend::Ptrace(stops) => stops,
            Backend::Notify | Backend::Ebpf => Stops::Filter,
        }
    }

    fn rules(&self) -> Rules {
        let follow = match self.session.target {
            Target::Command(_) | Target::Container { .. } => true,
            Target::Process { follow, .. } => follow,
        };
        Rules {
            options: TraceOptions {
                processes: follow,
                kill_on_exit: self.session.kill_on_exit,
            },
            how: match self.stops() {
                Stops::Filter if self.session.results => Resume::ToCall,
                Stops::Filter => Resume::Free,
                Stops::BeginAndEnd => Resume::ToCall,
            },
            results: self.session.results,
            attached: self.session.target.is_attached(),
            container: matches!(self.session.target, Target::Container { .. }),
            keeps_privileges: self.host.tracer && !self.choice.no_new_privileges,
        }
    }
}

impl Recorder for Ptrace {
    fn record(self: Box<Self>, watch: &mut dyn Watch) -> Result<Finished, RecordError> {
        match self.session.target.clone() {
            Target::Command(command) => self.launch(&command, watch),
            Target::Process { pid, .. } | Target::Container { first: pid } => {
                self.attach(pid, watch)
            }
        }
    }
}

impl Ptrace {
    fn launch(
        &self,
        command: &super::Command,
        watch: &mut dyn Watch,
    ) -> Result<Finished, RecordError> {
        let judge = self.session.under.as_ref().map(Judge::new).transpose()?;
        let code = match (self.stops(), &judge) {
            (Stops::Filter, None) => {
                let known = self.session.known.for_tracer();
                Some((filter(&known, REPORT, true), For::Tracer))
            }
            (Stops::Filter, Some(judge)) => {
                let under = self.session.under.as_ref();
                let everything = under.is_some_and(|under| under.everything);
                Some((judge.filter(everything, REPORT)?, For::Tracer))
            }
            (Stops::BeginAndEnd, _) => None,
        };
        let child = launch::suspended(command, code, self.choice.no_new_privileges)?;
        let pid = child.pid();
        let mut kernel = Linux::new();
        let rules = self.rules();
        signals::listen().map_err(|error| RecordError::kernel("listen to signals", error))?;
        // A child that is not told to go ends when this process has.
        kernel
            .seize(pid, rules.options)
            .map_err(|source| match programs::tracer(pid) {
                Some(tracer) => RecordError::Traced { pid, tracer },
                None => RecordError::NotPermitted {
                    what: "trace a process that it started itself".to_owned(),
                    source,
                },
            })?;
        // Without it a kernel before 5.3 would show nothing to look at.
        if kernel.call(pid) == Err(Errno::EIO) {
            return Err(RecordError::NotSupported {
                what: "tell a tracer the architecture of a call; Linux 5.3 can",
            });
        }
        signals::tick().map_err(|error| RecordError::kernel("start a timer", error))?;
        let report = child.go();
        watch.started(&self.choice, pid);
        let seen = Observations::new(&self.session.label, self.session.capture(&self.choice));
        let mut run = Loop::new(kernel, rules, seen, watch);
        run.judge = judge;
        run.launched(pid);
        run.run()?;
        let finished = run.finish();
        let under = finished.seen.capture.under.as_ref();
        let refused = under.is_some_and(UnderProfile::refused);
        if finished.seen.calls() == 0 && !refused {
            return Err(launch::failure(command, report.failed()));
        }
        Ok(finished)
    }

    fn attach(&self, pid: Tid, watch: &mut dyn Watch) -> Result<Finished, RecordError> {
        let kernel = Linux::new();
        signals::listen().map_err(|error| RecordError::kernel("listen to signals", error))?;
        let mut seen = Observations::new(&self.session.label, self.session.capture(&self.choice));
        seen.gap(Gap::NoStart);
        let mut run = Loop::new(kernel, self.rules(), seen, watch);
        run.attach(pid).map_err(|source| {
            if source == Errno::ESRCH {
                return RecordError::NoProcess { pid };
            }
            match programs::tracer(pid) {
                Some(tracer) => RecordError::Traced { pid, tracer },
                None => RecordError::NotPermitted {
                    what: format!("trace process {pid}"),
                    source,
                },
            }
        })?;
        signals::tick().map_err(|error| RecordError::kernel("start a timer", error))?;
        run.started(&self.choice, pid);
        run.run()?;
        Ok(run.finish())
    }
}
