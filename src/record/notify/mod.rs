//! Recording with seccomp's user notification: each call waits until the recorder has heard of
//! it. Cheaper than ptrace, and the program can be traced and debugged by others meanwhile.
//!
//! It is no default, since a signal whose handler does not restart calls ends the wait with
//! EINTR, also in calls that never fail so. If the recorder dies, the process in front of it
//! answers in its place (`sys::front`).

mod run_loop;
#[cfg(test)]
mod tests;

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::backend::Choice;
use super::filter::filter;
use super::{Command, Finished, RecordError, Recorder, Session, Target, Watch, launch};
use crate::bpf::RET_USER_NOTIF;
use crate::record::counts::Observations;
use crate::sys::kernel::{Kernel as _, Wait};
use crate::sys::linux::Linux;
use crate::sys::notify::Listener;
use crate::sys::process::Report;
use crate::sys::seccomp::For;
use crate::sys::{left, signals};

use run_loop::Loop;

/// The recorder.
#[derive(Debug)]
pub(super) struct Notify {
    session: Session,
    choice: Choice,
    /// Where a copy of the listener is left for who answers if this process dies.
    spare: Option<UnixDatagram>,
}

/// How long a child may take to open the listener.
const PATIENCE: Duration = Duration::from_secs(10);

impl Notify {
    pub(super) const fn new(session: Session, choice: Choice, spare: Option<UnixDatagram>) -> Self {
        Self {
            session,
            choice,
            spare,
        }
    }

    fn launch(&self, command: &Command, watch: &mut dyn Watch) -> Result<Finished, RecordError> {
        let code = filter(&self.session.known.for_listener(), RET_USER_NOTIF, false);
        let code = Some((code, For::Listener));
        let child = launch::suspended(command, code, self.choice.no_new_privileges)?;
        let pid = child.pid();
        let kernel = Linux::new();
        signals::listen()
            .and_then(|()| signals::hear_children())
            .and_then(|()| signals::tick())
            .map_err(|error| RecordError::kernel("listen to signals", error))?;
        let report = child.go();
        let listener = wait_for(&report, command)?;
        if let Some(spare) = &self.spare {
            left::leave(spare, listener.as_fd())
                .map_err(|error| RecordError::kernel("leave the listener", error))?;
        }
        watch.started(&self.choice, pid);
        let seen = Observations::new(&self.session.label, self.session.capture(&self.choice));
        let mut run = Loop::new(kernel, listener, seen, watch, pid);
        run.keeps_privileges = !self.choice.no_new_privileges;
        run.run(|| report.failed().is_some())?;
        let finished = run.finish();
        if finished.seen.calls() == 0 {
            return Err(launch::failure(command, report.failed()));
        }
        Ok(finished)
    }
}

/// The listener that the child opens, unless it fails first.
fn wait_for(report: &Report, command: &Command) -> Result<Listener, RecordError> {
    let mut kernel = Linux::new();
    loop {
        if let Some(fd) = report.listener() {
            return Ok(Listener::new(fd));
        }
        let ended = matches!(kernel.look(), Some(Wait::Changed(..) | Wait::Nobody));
        if ended || kernel.elapsed() > PATIENCE {
            // It may have opened one in the meantime and be gone all the same.
            return Err(launch::failure(command, report.failed()));
        }
        std::thread::sleep(Duration::from_micros(100));
    }
}

impl Recorder for Notify {
    fn record(self: Box<Self>, watch: &mut dyn Watch) -> Result<Finished, RecordError> {
        match &self.session.target {
            Target::Command(command) => self.launch(command, watch),
            Target::Process { .. } | Target::Container { .. } => Err(RecordError::Contradiction(
                "a process that runs can't be given a filter; attach with ptrace",
            )),
        }
    }
}
