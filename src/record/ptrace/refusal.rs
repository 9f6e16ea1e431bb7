//! Calls that the profile does not allow, which the program runs under.

use nix::errno::Errno;

use super::run_loop::Loop;
use crate::arch::Arch;
use crate::bpf::{RET_ACTION, RET_DATA, RET_ERRNO, RET_TRAP};
use crate::event::{Errno as ErrorName, Gap, Outcome};
use crate::record::counts::{Open, ProgramId};
use crate::record::under::Verdict;
use crate::sys::kernel::{Kernel, RawCall, Resume, Tid};
use crate::syscalls::table;

impl<K: Kernel> Loop<'_, K> {
    /// Whether a call with this verdict is kept from the kernel.
    pub(super) fn is_refused(&self, verdict: Option<&Verdict>) -> bool {
        match (&self.judge, verdict) {
            (Some(judge), Some(verdict)) => judge.refuses(verdict),
            (Some(_) | None, _) => false,
        }
    }

    /// Notes a call that is not allowed.
    pub(super) fn tell(&mut self, program: ProgramId, pid: Tid, call: &RawCall, verdict: &Verdict) {
        let now = self.kernel.elapsed();
        if let Some(denial) = self.seen.denied(program, pid, call, verdict, now) {
            self.watch.denied(denial);
        }
    }

    /// The recorder's child tries to become the program. It tries the folders of a search path
    /// one by one, which is one refusal.
    pub(super) fn before_the_start(&mut self, tid: Tid, call: &RawCall) -> bool {
        let name = u32::try_from(call.number).ok().and_then(|number| {
            let arch = Arch::from_audit(call.arch, number)?;
            table(arch).name(number)
        });
        let verdict = self.judge.as_ref().and_then(|judge| judge.verdict(call));
        let Some(verdict) = verdict.filter(|_| matches!(name, Some("execve" | "execveat"))) else {
            return false;
        };
        if !std::mem::replace(&mut self.told_start, true) {
            let program = self.seen.program("");
            self.tell(program, tid, call, &verdict);
        }
        self.refuse(tid, call, Some(&verdict), (None, true))
    }

    /// Has a call refused at the stop of the filter, where the kernel asks the filter again after
    /// a change. Whether it is refused.
    ///
    /// A filter of the program's own would be asked again too, and about a number that it does
    /// not know. Where there is one, the call is passed over with the error as its result, and
    /// no filter is asked. That can't be done for what sends a signal, which is sent at once, at
    /// the begin of the call.
    pub(super) fn refuse(
        &mut self,
        tid: Tid,
        call: &RawCall,
        verdict: Option<&Verdict>,
        (open, by_filter): (Option<Open>, bool),
    ) -> bool {
        let Some(verdict) = verdict.filter(|it| self.is_refused(Some(it))) else {
            return false;
        };
        let own_filter = self.tracees.get(&tid).is_some_and(|it| it.own_filter);
        let is_error = verdict.given & RET_ACTION == RET_ERRNO;
        let error = u16::try_from(verdict.given & RET_DATA).unwrap_or(u16::MAX);
        // What comes later: the stop of the filter.
        if !by_filter && (is_error || !own_filter) {
            return true;
        }
        let done = if own_filter && is_error {
            self.kernel.refuse_with(tid, error)
        } else {
            let number = self.judge.as_ref().and_then(|judge| judge.number(verdict));
            number.map_or(Err(Errno::EINVAL), |it| self.kernel.set_number(tid, it))
        };
        match done {
            Ok(()) => {}
            // It was killed and makes no call.
            Err(Errno::ESRCH) => return true,
            Err(_) => {
                self.seen.gap(Gap::NotRefused);
                return false;
            }
        }
        let outcome = if is_error {
            Outcome::Error(ErrorName::numbered(error))
        } else {
            Outcome::Sigsys
        };
        if let Some(tracee) = self.tracees.get_mut(&tid) {
            if verdict.given & RET_ACTION == RET_TRAP {
                tracee.trapped = u32::try_from(call.number & 0xffff_ffff).ok();
            }
            // The end of the call tells it as well.
            if is_error && self.rules.results && tracee.how == Resume::ToCall {
                return true;
            }
            tracee.open = None;
        }
        if let Some(open) = open {
            self.seen.end(open, outcome);
        }
        true
    }

    /// A SIGSYS of the profile is about to reach a thread. It speaks of the number that stands
    /// for the answer, and a handler wants that of the call.
    pub(super) fn tells_the_trapped(&mut self, tid: Tid) {
        let tracee = self.tracees.get_mut(&tid);
        if let Some(number) = tracee.and_then(|tracee| tracee.trapped.take()) {
            // One that was killed hears no signal.
            let _killed = self.kernel.set_trapped(tid, number);
        }
    }
}
