//! What a snapshot says, as observations.

use std::collections::BTreeMap;
use std::time::Duration;

use super::snapshot::{Call, Image, Snapshot};
use crate::arch::Arch;
use crate::ebpf::layout::KILLED_BY_FILTER;
use crate::event::{ArgFacts, ArgValue, Capture, Errno, Gap, Outcome, Remark};
use crate::record::counts::{OTHERS, Observations, ProgramId, Total};
use crate::record::launch;
use crate::sys::kernel::{Signo, Tid};
use crate::syscalls::table;

/// What is known of a recording beside its counts.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) label: String,
    pub(super) capture: Capture,
    /// What is missing from the start on.
    pub(super) gaps: Vec<Gap>,
    /// When it began, in nanoseconds of the kernel's clock.
    pub(super) since: u64,
    /// The recorder started the first program, whose execve nobody counted.
    pub(super) launched: bool,
    /// What came into the scope from outside is no part of it.
    pub(super) contained: bool,
}

/// Errors by which the kernel tells itself to make a call again, `include/linux/errno.h`.
const RESTART: [u16; 4] = [512, 513, 514, 516];

impl Frame {
    /// The observations of a scope.
    pub(super) fn observations(&self, snapshot: &Snapshot, scope: u32) -> Observations {
        let mut seen = Observations::new(&self.label, self.capture.clone());
        for gap in &self.gaps {
            seen.gap(*gap);
        }
        seen.lose_calls(snapshot.lost);
        if snapshot.not_followed > 0 {
            seen.gap(Gap::NotFollowed);
        }
        if snapshot.unasked > 0 {
            seen.gap(Gap::HiddenByFilter);
        }
        let wanted = |image: &&Image| image.scope == scope && !(self.contained && image.entered);
        let mut images: Vec<&Image> = snapshot.images.iter().filter(wanted).collect();
        images.sort_by_key(|image| image.time);
        let mut totals = Vec::new();
        for (order, image) in images.into_iter().enumerate() {
            let program = Self::program(&mut seen, image);
            for (starter, times) in snapshot.starters(image) {
                seen.started(program, starter, times);
            }
            if self.launched && order == 0 {
                totals.extend(first_execve(image).map(|call| (program, image, call)));
            }
            let calls = image.calls.iter().cloned();
            totals.extend(calls.map(|call| (program, image, call)));
        }
        let time = |image: &Image, call: &Call| call.first.map_or(image.time, |(time, _)| time);
        totals.sort_by_key(|(_, image, call)| time(image, call));
        for (rank, (program, image, call)) in (1..).zip(totals) {
            Self::remark(&mut seen, program, &call);
            let total = Total {
                arch: call.arch,
                number: call.number,
                calls: call.calls,
                tid: call.first.map_or(Tid(image.tid), |(_, tid)| tid),
                at: self.since(time(image, &call)),
                rank,
                outcomes: outcomes(call.results),
                args: call.args,
            };
            seen.add_total(program, total);
        }
        seen
    }

    /// Another recording begins, so long after this one did.
    pub(super) fn begin_anew(&mut self, after: Duration) {
        let after = u64::try_from(after.as_nanos()).unwrap_or(u64::MAX);
        self.since = self.since.saturating_add(after);
    }

    fn since(&self, time: u64) -> Duration {
        Duration::from_nanos(time.saturating_sub(self.since))
    }

    fn program(seen: &mut Observations, image: &Image) -> ProgramId {
        let program = seen.program(image.path.as_deref().unwrap_or(OTHERS));
        let name = Some(image.name.clone()).filter(|name| !name.is_empty());
        seen.ran(program, image.tasks.max(1), Tid(image.tid), name);
        for (status, processes) in &image.ends {
            if *status == KILLED_BY_FILTER {
                seen.gap(Gap::KilledByFilter);
                continue;
            }
            let signal = status & 0x7f;
            let how = if signal == 0 {
                format!("exit {}", status >> 8 & 0xff)
            } else {
                Signo(signal).to_string()
            };
            seen.all_ended(program, how, *processes);
        }
        if image.set_id {
            seen.remark(Remark::Privileges, program);
        }
        program
    }

    /// A program that filters itself.
    fn remark(seen: &mut Observations, program: ProgramId, call: &Call) {
        /// `SECCOMP_SET_MODE_STRICT` and `SECCOMP_SET_MODE_FILTER`, include/uapi/linux/seccomp.h.
        const SET_MODE: [u64; 2] = [0, 1];
        /// include/uapi/linux/prctl.h
        const PR_SET_SECCOMP: u64 = 22;
        let Some(arch) = Arch::from_audit(call.arch, call.number) else {
            return;
        };
        let asks = match table(arch).name(call.number) {
            Some("seccomp") => first_is(&call.args, &SET_MODE),
            Some("prctl") => first_is(&call.args, &[PR_SET_SECCOMP]),
            Some(_) | None => false,
        };
        if asks {
            seen.remark(Remark::OwnFilter, program);
        }
    }
}

/// Whether the first argument had one of some values, or may have had.
fn first_is(args: &BTreeMap<u8, ArgFacts>, values: &[u64]) -> bool {
    args.get(&0).is_some_and(|facts| {
        let is = |value: &u64| facts.values.contains_key(&ArgValue::Number(*value));
        facts.overflow > 0 || values.iter().any(is)
    })
}

/// The execve that started the program.
fn first_execve(image: &Image) -> Option<Call> {
    let call = launch::first_execve()?;
    Some(Call {
        arch: call.arch,
        number: u32::try_from(call.number).ok()?,
        calls: 1,
        first: Some((image.time, Tid(image.tid))),
        ..Call::default()
    })
}

fn outcomes(results: BTreeMap<u16, u64>) -> BTreeMap<Outcome, u64> {
    let mut all = BTreeMap::new();
    for (error, calls) in results {
        let outcome = match error {
            0 => Outcome::Success,
            error if RESTART.contains(&error) => Outcome::Interrupted,
            error => Outcome::Error(Errno::numbered(error)),
        };
        *all.entry(outcome).or_default() += calls;
    }
    all
}
