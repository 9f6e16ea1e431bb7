//! Counts that come as a whole, from a recorder that keeps them in the kernel.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use super::{Count, First, MAX_UNNAMED, Observations, ProgramId};
use crate::arch::Arch;
use crate::event::{ArgFacts, ArgValue, Gap, Outcome};
use crate::record::TerminalUse;
use crate::sys::kernel::Tid;
use crate::syscalls::table;

/// All that was counted of one kind of call of one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Total {
    /// `AUDIT_ARCH_*`.
    pub(crate) arch: u32,
    pub(crate) number: u32,
    pub(crate) calls: u64,
    pub(crate) outcomes: BTreeMap<Outcome, u64>,
    pub(crate) args: BTreeMap<u8, ArgFacts>,
    /// Who made the first one, and when, since the start.
    pub(crate) tid: Tid,
    pub(crate) at: Duration,
    /// Which it was among first sights.
    pub(crate) rank: u64,
}

impl Observations {
    /// Whether something changed how a terminal works.
    pub(crate) fn takes_over(&self) -> bool {
        let mut counts = self.programs.iter().flat_map(|it| it.counts.values());
        counts.any(|count| {
            let requests = count.args.get(&1).map(|facts| facts.values.keys());
            requests.into_iter().flatten().any(|value| match value {
                ArgValue::Number(request) => {
                    TerminalUse::of(count.special, 0, *request) == Some(TerminalUse::TakesOver)
                }
                ArgValue::Text(_) => false,
            })
        })
    }

    /// Adds a total. Those of all programs come in the order in which they were seen first.
    /// Whether the kind of call is new.
    pub(crate) fn add_total(&mut self, program: ProgramId, total: Total) -> bool {
        self.calls = self.calls.saturating_add(total.calls);
        let Some(arch) = Arch::from_audit(total.arch, total.number) else {
            self.lose_calls(total.calls);
            return false;
        };
        let name = table(arch).name(total.number);
        if name.is_none() {
            self.unnamed += 1;
            if self.unnamed > MAX_UNNAMED {
                self.lose_calls(total.calls);
                return false;
            }
        }
        let mut count = Count::new(arch, total.number, name, (total.rank, total.at));
        count.calls = total.calls;
        count.outcomes = total.outcomes;
        count.args = total.args;
        let new = self.kinds.insert((arch, total.number));
        if new {
            let first = First {
                arch,
                call: count.call.clone(),
                program: self.name(program).to_owned(),
                tid: total.tid,
                at: total.at,
            };
            self.firsts.push(first.clone());
            self.last_new = Some(first);
        }
        if let Some(of) = self.programs.get_mut(program.0) {
            match of.counts.entry((total.arch, total.number)) {
                Entry::Vacant(place) => drop(place.insert(count)),
                Entry::Occupied(mut known) => known.get_mut().absorb(count),
            }
        }
        new
    }

    /// The kinds of calls that totals told of, in the order in which they were seen first.
    pub(crate) fn firsts(&self) -> &[First] {
        &self.firsts
    }

    /// Calls were seen and could not be kept.
    pub(crate) fn lose_calls(&mut self, calls: u64) {
        if calls > 0 {
            self.lost = self.lost.saturating_add(calls);
            self.gaps.insert(Gap::Lost);
        }
    }

    /// So many processes and threads ran a program, one of them this.
    pub(crate) fn ran(&mut self, program: ProgramId, tasks: u64, tid: Tid, name: Option<String>) {
        let Some(more) = tasks.checked_sub(1) else {
            return;
        };
        self.runs(program, tid, name);
        if let Some(program) = self.programs.get_mut(program.0) {
            program.image.processes = program.image.processes.saturating_add(more);
        }
    }

    /// So many processes that ran a program ended like this.
    pub(crate) fn all_ended(&mut self, program: ProgramId, how: String, processes: u64) {
        if let Some(program) = self.programs.get_mut(program.0) {
            let sum = program.image.ends.entry(how).or_default();
            *sum = sum.saturating_add(processes);
        }
    }
}

impl Count {
    /// Adds what another program of the same name did, later.
    fn absorb(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        for (outcome, calls) in other.outcomes {
            let sum = self.outcomes.entry(outcome).or_default();
            *sum = sum.saturating_add(calls);
        }
        for (index, facts) in other.args {
            self.args.entry(index).or_default().absorb(&facts);
        }
    }
}
