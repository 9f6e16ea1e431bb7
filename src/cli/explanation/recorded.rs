//! Who made a call, as recordings have it.

use std::collections::{BTreeMap, BTreeSet};

use callsieve::arch::Arch;
use callsieve::event::{ArgFacts, ArgValue, CallId};
use callsieve::recording::{Observed, Recording, Run};
use serde::Serialize;

use super::words;

/// What recordings have of a call. Text in it is as it was recorded.
#[derive(Debug, Serialize)]
pub(crate) struct Recorded {
    /// How many recordings there are, one for each run or trace.
    pub(crate) recordings: usize,
    /// In how many of them the call is.
    pub(crate) seen_in: usize,
    pub(crate) architectures: BTreeMap<&'static str, SeenOn>,
    /// Runtimes of containers that made it before they executed the program.
    pub(crate) runtime: Vec<OfRuntime>,
}

/// What a runtime did in a container.
#[derive(Debug, Serialize)]
pub(crate) struct OfRuntime {
    pub(crate) executable: String,
    pub(crate) calls: u64,
    /// Under a filter, which had to allow them.
    pub(crate) filtered: u64,
}

/// What was seen on one architecture.
#[derive(Debug, Serialize, Default)]
pub(crate) struct SeenOn {
    pub(crate) calls: u64,
    /// No recording tells whether it was this call or the one that is reported beside it.
    pub(crate) either: bool,
    /// It always failed with what a filter or a missing capability gives.
    pub(crate) never_succeeded: bool,
    pub(crate) outcomes: BTreeMap<String, u64>,
    /// Those with most calls first.
    pub(crate) by: Vec<Caller>,
    pub(crate) arguments: Vec<Argument>,
    /// The first call of each recording that has it.
    pub(crate) first: BTreeSet<First>,
}

/// A program.
#[derive(Debug, Serialize)]
pub(crate) struct Caller {
    /// Empty for what ran before the first execve and where the source does not tell.
    pub(crate) executable: String,
    /// Names that its processes gave themselves.
    pub(crate) names: BTreeSet<String>,
    /// The programs that its processes ran before, and how often; the empty name stands for what
    /// a recording began with. None where the recordings do not tell.
    pub(crate) started_by: BTreeMap<String, u64>,
    pub(crate) calls: u64,
    /// In how many recordings it made the call.
    pub(crate) recordings: usize,
}

/// An argument that comes from a small set.
#[derive(Debug, Serialize)]
pub(crate) struct Argument {
    pub(crate) index: u8,
    pub(crate) name: &'static str,
    /// In the order of their numbers.
    pub(crate) values: Vec<Value>,
    /// Calls of which the value was not seen, or dropped as there were too many.
    pub(crate) unknown: u64,
}

/// A value of an argument.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names of the JSON")]
pub(crate) struct Value {
    /// The number in hexadecimal, or what the source printed.
    pub(crate) value: String,
    /// As a programmer writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) symbol: Option<String>,
    pub(crate) calls: u64,
}

/// Where something was seen first.
#[derive(Debug, Serialize, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct First {
    pub(crate) file: String,
    pub(crate) line: u64,
    /// Since the start of the recording, where it tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) milliseconds: Option<u64>,
}

/// What is summed up of one program.
#[derive(Default)]
struct Sum {
    names: BTreeSet<String>,
    started_by: BTreeMap<String, u64>,
    calls: u64,
    recordings: usize,
}

impl Recorded {
    /// What all runs have of a call.
    pub(super) fn of(recording: &Recording, name: &str) -> Self {
        let totals = recording.totals();
        let mut architectures = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for (arch, calls) in &totals {
            let total = calls.iter().find(|(call, _)| is(call, name));
            let Some((call, total)) = total else { continue };
            seen.extend(total.runs.iter().copied());
            let runs: Vec<(&Run, &Observed)> = recording
                .runs()
                .filter_map(|(_, run)| Some((run, run.calls.get(arch)?.get(call)?)))
                .collect();
            let outcomes = total.outcomes.iter();
            let on = SeenOn {
                calls: total.calls,
                either: total.either,
                never_succeeded: total.never_succeeded(),
                outcomes: outcomes
                    .map(|(outcome, calls)| (outcome.to_string(), *calls))
                    .collect(),
                by: callers(&runs),
                arguments: total
                    .args
                    .iter()
                    .map(|(index, facts)| argument(*arch, name, *index, facts))
                    .collect(),
                first: runs
                    .iter()
                    .map(|(run, observed)| first(run, observed))
                    .collect(),
            };
            architectures.insert(arch.name(), on);
        }
        Self {
            recordings: recording.runs().len(),
            seen_in: seen.len(),
            architectures,
            runtime: runtime(recording, name),
        }
    }
}

fn runtime(recording: &Recording, name: &str) -> Vec<OfRuntime> {
    let mut all = Vec::new();
    for (executable, arches) in recording.runtime() {
        let calls = arches.values().flatten();
        let same: Vec<_> = calls.filter(|(call, _)| is(call, name)).collect();
        if !same.is_empty() {
            all.push(OfRuntime {
                executable,
                calls: same.iter().map(|(_, it)| it.calls).sum(),
                filtered: same.iter().map(|(_, it)| it.filtered).sum(),
            });
        }
    }
    all
}

fn is(call: &CallId, name: &str) -> bool {
    match call {
        CallId::Name(known) => known.as_str() == name,
        CallId::Number(_) => false,
    }
}

fn first(run: &Run, observed: &Observed) -> First {
    let (file, line) = observed.first;
    First {
        file: run.files.get(file).cloned().unwrap_or_default(),
        line,
        milliseconds: observed
            .since_start
            .map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
    }
}

/// Programs with most calls first.
pub(crate) fn callers(runs: &[(&Run, &Observed)]) -> Vec<Caller> {
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    for (run, observed) in runs {
        for (executable, caller) in &observed.by {
            let sum = sums.entry(executable).or_default();
            sum.calls = sum.calls.saturating_add(caller.calls);
            sum.recordings += 1;
            if let Some(known) = run.executables.get(executable) {
                sum.names.extend(known.names.iter().cloned());
                for (former, times) in &known.started_by {
                    let sum = sum.started_by.entry(former.clone()).or_default();
                    *sum = sum.saturating_add(*times);
                }
            }
        }
    }
    let mut callers: Vec<Caller> = sums
        .into_iter()
        .map(|(executable, sum)| Caller {
            executable: executable.to_owned(),
            names: sum.names,
            started_by: sum.started_by,
            calls: sum.calls,
            recordings: sum.recordings,
        })
        .collect();
    // Of equal ones the names decide, as they are sorted already.
    callers.sort_by_key(|caller| std::cmp::Reverse(caller.calls));
    callers
}

/// What all runs know of an argument.
pub(crate) fn argument(arch: Arch, name: &str, index: u8, facts: &ArgFacts) -> Argument {
    let kind = words::kind(arch, name, index);
    Argument {
        index,
        name: kind.map_or("", words::title),
        values: facts
            .values
            .iter()
            .map(|(value, calls)| match value {
                ArgValue::Number(number) => Value {
                    value: format!("{number:#x}"),
                    symbol: kind.and_then(|kind| words::symbols(kind, *number)),
                    calls: *calls,
                },
                ArgValue::Text(text) => Value {
                    value: text.clone(),
                    symbol: None,
                    calls: *calls,
                },
            })
            .collect(),
        unknown: facts.unseen.saturating_add(facts.overflow),
    }
}
