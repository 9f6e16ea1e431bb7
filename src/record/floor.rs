//! What a container runtime does between loading a filter and executing the program.
//!
//! The container's filter answers `RET_TRACE`, and this is the tracer: exactly those calls stop that
//! a filter decides about, by whichever thread, and nothing has to be guessed. From its execve on
//! the program runs alone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use nix::errno::Errno;

use super::{Command, RecordError, launch};
use crate::arch::Arch;
use crate::sys::kernel::{CallStop, Change, Kernel as _, Resume, Signo, Tid, TraceOptions, Wait};
use crate::sys::linux::Linux;
use crate::sys::ptrace::{EVENT_EXEC, EVENT_SECCOMP, EVENT_STOP};
use crate::sys::signals;
use crate::syscalls::table;

/// Signals that stop a process.
const STOPPING: [i32; 4] = [libc::SIGSTOP, libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];

/// Runs the commands of a runtime one after the other and sees what is done under filters.
#[derive(Debug)]
pub struct RuntimeTracer {
    kernel: Linux,
    limit: Duration,
    /// Threads that made a call under a filter.
    filtered: BTreeSet<Tid>,
    calls: BTreeMap<String, u64>,
    programs: usize,
    /// The next program is followed as well, with what it starts, until all have ended.
    follow: bool,
    to_the_end: bool,
}

impl RuntimeTracer {
    /// A tracer that gives up after `limit`. This process must have no other children.
    pub fn new(limit: Duration) -> Result<Self, RecordError> {
        signals::listen().map_err(|error| RecordError::kernel("listen to signals", error))?;
        signals::tick().map_err(|error| RecordError::kernel("start a timer", error))?;
        Ok(Self {
            kernel: Linux::new(),
            limit,
            filtered: BTreeSet::new(),
            calls: BTreeMap::new(),
            programs: 0,
            follow: false,
            to_the_end: false,
        })
    }

    /// Calls made under a filter since this was last asked, by name, with how often.
    pub fn take_calls(&mut self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.calls)
    }

    /// Whether the next program that is executed is itself what is to be seen, from its begin to its
    /// end: the first process of a container, which starts the program.
    pub const fn follow_next(&mut self, follow: bool) {
        self.follow = follow;
        self.to_the_end = follow;
    }

    /// How many programs were executed under a filter.
    pub const fn programs(&self) -> usize {
        self.programs
    }

    /// Runs a command to its end, and on until `programs` were executed. Its status, or `None` if
    /// a signal ended it.
    pub fn run(&mut self, command: &Command, programs: usize) -> Result<Option<i32>, RecordError> {
        let child = launch::suspended(command, None, false)?;
        let pid = child.pid();
        let options = TraceOptions {
            processes: true,
            kill_on_exit: true,
        };
        self.kernel
            .seize(pid, options)
            .map_err(|source| RecordError::NotPermitted {
                what: "trace a process that it started itself".to_owned(),
                source,
            })?;
        let report = child.go();
        let mut ended = None;
        loop {
            match self.kernel.wait() {
                Wait::Changed(tid, Change::Exited(status)) if tid == pid => {
                    ended = Some(Some(status));
                }
                Wait::Changed(tid, Change::Killed(_)) if tid == pid => ended = Some(None),
                Wait::Changed(tid, Change::Stopped { signal, event }) => {
                    self.stopped(tid, signal, event)?;
                }
                Wait::Changed(..) => {}
                Wait::Interrupted => {
                    let stop = self.kernel.asked().interrupts > 0;
                    if stop || self.kernel.elapsed() > self.limit {
                        self.kernel.signal(pid, Signo(libc::SIGKILL));
                        return Err(RecordError::kernel("see the end of it", Errno::ETIMEDOUT));
                    }
                }
                Wait::Nobody => break,
                Wait::Failed(error) => return Err(RecordError::kernel("wait", error)),
            }
            // A runtime that failed will not execute anything.
            if let Some(status) = ended
                && (self.programs >= programs && !self.to_the_end || status != Some(0))
            {
                break;
            }
        }
        if let Some(failed) = report.failed() {
            return Err(launch::failure(command, Some(failed)));
        }
        Ok(ended.flatten())
    }

    fn stopped(&mut self, tid: Tid, signal: i32, event: i32) -> Result<(), RecordError> {
        let mut deliver = None;
        match event {
            0 => deliver = Some(Signo(signal)),
            EVENT_SECCOMP => self.count(tid),
            EVENT_EXEC => {
                let former = self.kernel.message(tid).ok();
                let former = former.and_then(|tid| i32::try_from(tid).ok()).map(Tid);
                if former.is_some_and(|former| self.filtered.remove(&former)) {
                    self.programs += 1;
                    if std::mem::take(&mut self.follow) {
                        // What was before is the runtime's.
                        self.calls.clear();
                        return went(
                            "let a process go on",
                            self.kernel.resume(tid, Resume::Free, None),
                        );
                    }
                    return went("let the program go", self.kernel.detach(tid, None));
                }
            }
            EVENT_STOP if STOPPING.contains(&signal) => {
                return went("leave a process stopped", self.kernel.listen(tid));
            }
            // Births, and first stops.
            _ => {}
        }
        let resumed = self.kernel.resume(tid, Resume::Free, deliver);
        went("let a process go on", resumed)
    }

    fn count(&mut self, tid: Tid) {
        self.filtered.insert(tid);
        // One that was killed meanwhile is at no call any more.
        let Ok(CallStop::Entry(call)) = self.kernel.call(tid) else {
            return;
        };
        let number = u32::try_from(call.number).unwrap_or(u32::MAX);
        let name = Arch::from_audit(call.arch, number)
            .and_then(|arch| table(arch).name(number))
            .map_or_else(|| format!("#{}", call.number), str::to_owned);
        *self.calls.entry(name).or_default() += 1;
    }
}

/// One that was killed meanwhile runs to its end.
fn went(what: &'static str, answer: Result<(), Errno>) -> Result<(), RecordError> {
    match answer {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(RecordError::kernel(what, error)),
    }
}
