//! The table: each call with all that is known of it.

use std::collections::{BTreeMap, BTreeSet};

use callsieve::event::CallId;
use callsieve::recording::{Observed, Recording, Run, Total};
use callsieve::syscalls::{About, about, table};

use super::against::{Held, Stand};
use super::why::Reasons;
use super::{Frame, millis, name_of};
use crate::cli::explanation::{Argument, Caller, recorded};

/// The rows.
#[derive(Debug)]
pub(crate) struct Calls {
    /// The riskiest first.
    pub(crate) shown: Vec<Call>,
    /// Calls without a name that are left out, as there are many.
    pub(crate) more: usize,
    /// Whether there is a profile to say something of.
    pub(crate) of_profile: bool,
}

/// A call.
#[derive(Debug)]
pub(crate) struct Call {
    /// Or its number, where it has none.
    pub(crate) name: String,
    pub(crate) number: Option<u32>,
    pub(crate) about: Option<&'static About>,
    /// `None` if it was not recorded.
    pub(crate) seen: Option<Seen>,
    /// What Docker's default says; `None` for a call that no table has.
    pub(crate) default: Option<Stand>,
    /// What the profile says.
    pub(crate) profile: Option<Stand>,
    /// Why it is in the profile; empty where nothing tells.
    pub(crate) why: Vec<String>,
}

/// What recordings have of a call.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) calls: u64,
    /// It may have been the call that is reported beside it.
    pub(crate) either: bool,
    pub(crate) never_succeeded: bool,
    pub(crate) outcomes: Vec<(String, u64)>,
    pub(crate) by: Vec<Caller>,
    pub(crate) arguments: Vec<Argument>,
    /// In how many runs.
    pub(crate) runs: usize,
    /// The first one: milliseconds since the start of its run, file, line.
    pub(crate) first: (Option<u64>, String, u64),
}

/// Rows of calls that no table has. Such a number is what a program makes up.
const MOST_UNNAMED: usize = 100;

impl Calls {
    pub(super) fn of(
        recording: &Recording,
        frame: &Frame,
        held: &Held,
        calls: &BTreeMap<CallId, Total<'_>>,
        why: &Reasons,
    ) -> Self {
        let mut shown: Vec<Call> = Vec::new();
        let mut more = 0;
        for (call, total) in calls {
            let is_known = name_of(call).is_some_and(|name| held.default.contains_key(name));
            let unnamed = shown.iter().filter(|call| call.default.is_none()).count();
            if !is_known && unnamed >= MOST_UNNAMED {
                more += 1;
                continue;
            }
            let seen = seen(recording, frame, call, total);
            shown.push(row(call.to_string(), Some(seen), frame, held, why));
        }
        let known: BTreeSet<String> = calls.keys().map(ToString::to_string).collect();
        for (name, stand) in held.profile.iter().flatten() {
            if stand.permits() && !known.contains(*name) {
                shown.push(row((*name).to_owned(), None, frame, held, why));
            }
        }
        shown.sort_by_cached_key(|call| {
            let risk = call.about.map(|about| about.risk.class());
            // What nobody knows may be anything.
            (
                std::cmp::Reverse(risk.unwrap_or(u8::MAX)),
                call.name.clone(),
            )
        });
        Self {
            shown,
            more,
            of_profile: frame.profile.is_some(),
        }
    }
}

fn row(call: String, seen: Option<Seen>, frame: &Frame, held: &Held, why: &Reasons) -> Call {
    let profile = held.profile.as_ref();
    Call {
        number: table(frame.arch).number(&call),
        about: about(&call),
        default: held.default.get(call.as_str()).cloned(),
        profile: profile.and_then(|all| all.get(call.as_str())).cloned(),
        why: why.words(&call),
        seen,
        name: call,
    }
}

fn seen(recording: &Recording, frame: &Frame, call: &CallId, total: &Total<'_>) -> Seen {
    let arch = frame.arch;
    let runs: Vec<(&Run, &Observed)> = recording
        .runs()
        .filter(|(id, _)| total.runs.contains(id))
        .filter_map(|(_, run)| Some((run, run.calls.get(&arch)?.get(call)?)))
        .collect();
    let name = name_of(call).unwrap_or_default();
    let arguments = total.args.iter();
    let mut outcomes: Vec<(String, u64)> = total
        .outcomes
        .iter()
        .map(|(outcome, calls)| (outcome.to_string(), *calls))
        .collect();
    outcomes.sort_by_key(|(_, calls)| std::cmp::Reverse(*calls));
    let (file, line) = total.first;
    Seen {
        calls: total.calls,
        either: total.either,
        never_succeeded: total.never_succeeded(),
        outcomes,
        by: recorded::callers(&runs),
        arguments: arguments
            .map(|(index, facts)| recorded::argument(arch, name, *index, facts))
            .collect(),
        runs: total.runs.len(),
        first: (total.since_start.map(millis), file.to_owned(), line),
    }
}
