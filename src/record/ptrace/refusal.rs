//! Calls that the profile does not allow, which the program runs under.

use nix::errno::Errno;

use super::run_loop::Loop;
use crate::arch::Arch;
use crate::bpf::{RET_ACTION, RET_DATA, RET_ERRNO};
use crate::event::{Errno as ErrorName, Gap, Outcome};
use crate::record::counts::{Open, ProgramId};
use crate::record::under::{ANSWERED, ANSWERED_ARGUMENT, Verdict};
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

    /// Has a call refused. Whether it is.
    ///
    /// Where the begin of a call is seen, before any filter, the filter is told that it need not
    /// ask, and all filters together answer as they do without a tracer. Where only the stop of
    /// the filter is seen, and no filter of the program's own can be stricter, an error is put in
    /// the place of the result, which leaves all registers as they are.
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
        let is_error = verdict.given & RET_ACTION == RET_ERRNO;
        let error = u16::try_from(verdict.given & RET_DATA).unwrap_or(u16::MAX);
        let passes_over = by_filter && is_error;
        let done = if passes_over {
            self.kernel.refuse_with(tid, error)
        } else {
            let answered = u64::from(ANSWERED);
            self.kernel
                .set_argument(tid, call.arch, ANSWERED_ARGUMENT, answered)
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
            if !passes_over {
                let [.., last] = call.args;
                tracee.borrowed = Some((call.arch, last));
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

    /// The call has its answer, and the program finds its registers as they were.
    pub(super) fn gives_back(&mut self, tid: Tid) {
        let tracee = self.tracees.get_mut(&tid);
        if let Some((arch, value)) = tracee.and_then(|tracee| tracee.borrowed.take()) {
            // One that was killed has no use for it.
            let _killed = self
                .kernel
                .restore_argument(tid, arch, ANSWERED_ARGUMENT, value);
        }
    }
}
