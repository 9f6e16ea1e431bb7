//! What the filter refused that a program runs under, as it is gathered.

use std::collections::BTreeMap;
use std::time::Duration;

use super::under::Verdict;
use crate::arch::Arch;
use crate::event::{Answer, CallId, Denial, DenialEnd, MAX_DENIAL_ENDS, MAX_DENIALS, UnderProfile};
use crate::sys::kernel::{RawCall, Tid};
use crate::syscalls::{SyscallName, table};

/// What makes two refusals one kind.
type Kind = (Arch, u32, String, BTreeMap<u8, u64>, Answer);

/// Where each kind stands, and who is still to end.
#[derive(Debug, Default)]
pub(super) struct Denials {
    places: BTreeMap<Kind, usize>,
    /// By process, the last time for each kind.
    last: BTreeMap<Tid, BTreeMap<usize, Duration>>,
}

/// Milliseconds.
fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Denials {
    /// Counts a call. The kind that it is the first of, if it is one that is kept.
    pub(super) fn add<'u>(
        &mut self,
        under: &'u mut UnderProfile,
        (program, pid): (&str, Tid),
        call: &RawCall,
        verdict: &Verdict,
        now: Duration,
    ) -> Option<&'u Denial> {
        let number = u32::try_from(call.number & 0xffff_ffff).unwrap_or(u32::MAX);
        let Some(arch) = Arch::from_audit(call.arch, number) else {
            under.dropped += 1;
            return None;
        };
        let kind = (
            arch,
            number,
            program.to_owned(),
            verdict.args.clone(),
            verdict.answer.clone(),
        );
        let known = self.places.get(&kind).copied();
        let at = known.unwrap_or(under.denials.len());
        if at >= MAX_DENIALS {
            under.dropped += 1;
            return None;
        }
        self.last.entry(pid).or_default().insert(at, now);
        if known.is_some() {
            if let Some(denial) = under.denials.get_mut(at) {
                denial.calls += 1;
            }
            return None;
        }
        self.places.insert(kind, at);
        under.denials.push(Denial {
            arch,
            call: table(arch)
                .name(number)
                .map_or(CallId::Number(number), |name| {
                    CallId::Name(SyscallName::known(name))
                }),
            args: verdict.args.clone(),
            answer: verdict.answer.clone(),
            program: program.to_owned(),
            pid: u32::try_from(pid.0).unwrap_or_default(),
            calls: 1,
            milliseconds: milliseconds(now),
            ends: BTreeMap::new(),
        });
        under.denials.last()
    }

    /// A process ended.
    pub(super) fn ended(&mut self, under: &mut UnderProfile, pid: Tid, how: &str, now: Duration) {
        for (at, last) in self.last.remove(&pid).unwrap_or_default() {
            let Some(denial) = under.denials.get_mut(at) else {
                continue;
            };
            let after = milliseconds(now.saturating_sub(last));
            if let Some(end) = denial.ends.get_mut(how) {
                end.processes += 1;
                end.milliseconds = end.milliseconds.min(after);
            } else if denial.ends.len() < MAX_DENIAL_ENDS {
                denial.ends.insert(
                    how.to_owned(),
                    DenialEnd {
                        processes: 1,
                        milliseconds: after,
                    },
                );
            }
        }
    }
}
