//! What a stop at a call shows, and the few calls that ask for more than counting.

use super::run_loop::Loop;
use super::tracee::Stopped;
use crate::event::{Errno as ErrorName, Gap, Outcome, Remark};
use crate::record::counts::{ProgramId, Special};
use crate::record::filter::CLONE_UNTRACED;
use crate::record::{TerminalUse, launch};
use crate::sys::kernel::{CallStop, Kernel, RawCall, Resume, Tid};
use crate::sys::seccomp::TRACE_COOKIE;

// include/uapi/linux/ptrace.h
const PTRACE_TRACEME: u64 = 0;
const PTRACE_ATTACH: u64 = 16;
const PTRACE_SEIZE: u64 = 0x4206;
// include/uapi/linux/prctl.h
const PR_SET_SECCOMP: u64 = 22;
// include/uapi/linux/seccomp.h
const SECCOMP_MODE_STRICT: u64 = 1;
const SECCOMP_SET_MODE_STRICT: u64 = 0;
const SECCOMP_SET_MODE_FILTER: u64 = 1;
const SECCOMP_FILTER_FLAG_TSYNC: u64 = 1;
/// Errors by which the kernel tells itself to make a call again, `include/linux/errno.h`:
/// `ERESTARTSYS`, `ERESTARTNOINTR`, `ERESTARTNOHAND`, `ERESTART_RESTARTBLOCK`.
const RESTART: [u64; 4] = [512, 513, 514, 516];

/// How a call ended, by the value it returned.
pub(super) fn outcome(value: i64, failed: bool) -> Outcome {
    if !failed {
        return Outcome::Success;
    }
    let number = value.unsigned_abs();
    if RESTART.contains(&number) {
        return Outcome::Interrupted;
    }
    match u16::try_from(number) {
        Ok(number) => Outcome::Error(ErrorName::numbered(number)),
        Err(_) => Outcome::Failed,
    }
}

impl<K: Kernel> Loop<'_, K> {
    /// A thread stopped at a call, by the filter's word or at its begin or end.
    pub(super) fn call(&mut self, stopped: &Stopped, by_filter: bool) {
        // One that was killed in its stop has nothing to tell: the call did not happen.
        let Ok(call) = stopped.call(&mut self.kernel) else {
            return;
        };
        match call {
            CallStop::Entry(call) => {
                let refused = self.entry(stopped.tid(), &call, by_filter);
                if by_filter && !refused {
                    self.heed_own_filter(stopped);
                }
            }
            CallStop::Exit { value, failed } => {
                self.gives_back(stopped.tid());
                let tracee = self.tracees.get_mut(&stopped.tid());
                // A new process comes out of a call that its parent made.
                let open = tracee.and_then(|tracee| tracee.open.take());
                if let Some(open) = open.filter(|_| self.rules.results) {
                    self.seen.end(open, outcome(value, failed));
                }
            }
            CallStop::None => {}
        }
    }

    /// A filter of the program's own may ask for a tracer too. Alone the program has none, and
    /// the call fails.
    fn heed_own_filter(&mut self, stopped: &Stopped) {
        let tid = stopped.tid();
        if !self.tracees.get(&tid).is_some_and(|it| it.own_filter) {
            return;
        }
        if self.kernel.message(tid) != Ok(u64::from(TRACE_COOKIE)) {
            // One that was killed makes no call either.
            let _killed = self.kernel.refuse(tid);
        }
    }

    /// Counts a call, and has it refused where the profile does. Whether it is refused.
    fn entry(&mut self, tid: Tid, call: &RawCall, by_filter: bool) -> bool {
        let Some(tracee) = self.tracees.get(&tid) else {
            return false;
        };
        if !self.begun {
            return by_filter && self.before_the_start(tid, call);
        }
        let (program, leader, known) = (tracee.program, tracee.leader, tracee.open);
        let verdict = self.judge.as_ref().and_then(|judge| judge.verdict(call));
        // The filter's word on a call whose begin was seen already.
        if let Some(open) = known.filter(|_| by_filter) {
            return self.refuse(tid, call, verdict.as_ref(), (Some(open), by_filter));
        }
        let kernel = &mut self.kernel;
        let (open, special, new) = self.seen.begin(program, call, tid, || kernel.elapsed());
        if let Some(first) = self.seen.last_new().filter(|_| new) {
            self.watch.first(first);
        }
        if let Some(verdict) = &verdict {
            self.tell(program, leader, call, verdict);
        }
        // What a refused call asks for does not come to be.
        if special != Special::None && !self.is_refused(verdict.as_ref()) {
            self.special(tid, program, call, special);
        }
        if let Some(tracee) = self.tracees.get_mut(&tid) {
            tracee.open = open.filter(|_| tracee.how == Resume::ToCall);
        }
        self.refuse(tid, call, verdict.as_ref(), (open, by_filter))
    }

    fn special(&mut self, tid: Tid, program: ProgramId, call: &RawCall, special: Special) {
        let [first, second, ..] = call.args;
        match special {
            Special::None => {}
            Special::Output | Special::Input | Special::Ioctl => {
                if let Some(how) = TerminalUse::of(special, first, second) {
                    self.watch.uses_terminal(how);
                }
            }
            Special::Clone(index) => {
                let flags = call.args.get(usize::from(index)).copied();
                let flags = flags.unwrap_or_default();
                if flags & u64::from(CLONE_UNTRACED) != 0 {
                    let traced = flags & !u64::from(CLONE_UNTRACED);
                    let set = self.kernel.set_argument(tid, call.arch, index, traced);
                    self.untraced(program, set.is_ok());
                }
            }
            Special::Clone3 => {
                // `struct clone_args` begins with the flags.
                let Ok(flags) = self.kernel.read_word(tid, first) else {
                    return;
                };
                if flags & u64::from(CLONE_UNTRACED) != 0 {
                    let traced = flags & !u64::from(CLONE_UNTRACED);
                    let set = self.kernel.write_word(tid, first, traced);
                    self.untraced(program, set.is_ok());
                }
            }
            Special::Ptrace => {
                if [PTRACE_TRACEME, PTRACE_ATTACH, PTRACE_SEIZE].contains(&first) {
                    self.seen.remark(Remark::NestedTracer, program);
                    self.seen.gap(Gap::NestedTracer);
                }
            }
            Special::Seccomp => match first {
                SECCOMP_SET_MODE_FILTER => {
                    let everybody = second & SECCOMP_FILTER_FLAG_TSYNC != 0;
                    self.filters_itself(tid, program, everybody);
                }
                SECCOMP_SET_MODE_STRICT => self.wants_strict(program),
                _ => {}
            },
            Special::Prctl => match (first, second) {
                (PR_SET_SECCOMP, SECCOMP_MODE_STRICT) => self.wants_strict(program),
                (PR_SET_SECCOMP, _) => self.filters_itself(tid, program, false),
                _ => {}
            },
        }
    }

    /// A child that nobody traces would keep the filter, and all its calls would fail.
    fn untraced(&mut self, program: ProgramId, prevented: bool) {
        self.seen.remark(Remark::Untraced, program);
        if !prevented {
            self.seen.gap(Gap::NotFollowed);
        }
    }

    /// What a filter of the program's own refuses is decided before ours is heard, so from now
    /// on this thread and what it starts stop at the begin of each call.
    fn filters_itself(&mut self, tid: Tid, program: ProgramId, everybody: bool) {
        self.seen.remark(Remark::OwnFilter, program);
        let mut all = vec![tid];
        let leader = if everybody {
            self.kernel.leader(tid)
        } else {
            None
        };
        if let Some(leader) = leader {
            all.extend(self.kernel.threads(leader));
        }
        for other in all {
            let Some(tracee) = self.tracees.get_mut(&other) else {
                continue;
            };
            tracee.own_filter = true;
            let before = std::mem::replace(&mut tracee.how, Resume::ToCall);
            // Those that run have to stop once before they stop at each call, and the next call
            // may be one that is refused.
            if other != tid && before == Resume::Free {
                let _gone = self.kernel.interrupt(other);
            }
        }
    }

    /// Which the kernel refuses beside a filter.
    fn wants_strict(&mut self, program: ProgramId) {
        if self.rules.how == Resume::Free || self.judge.is_some() {
            self.seen.remark(Remark::StrictSeccomp, program);
            self.seen.gap(Gap::StrictSeccomp);
        }
    }

    /// Counts the execve that started the program.
    pub(super) fn count_first_execve(&mut self, program: ProgramId, tid: Tid) {
        let Some(call) = launch::first_execve() else {
            return;
        };
        let kernel = &mut self.kernel;
        let (open, _, new) = self.seen.begin(program, &call, tid, || kernel.elapsed());
        if let Some(first) = self.seen.last_new().filter(|_| new) {
            self.watch.first(first);
        }
        if let Some(open) = open.filter(|_| self.rules.results) {
            self.seen.end(open, Outcome::Success);
        }
    }
}
