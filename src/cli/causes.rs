//! Who made the calls that a comparison is about, as recordings have it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use callsieve::arch::Arch;
use callsieve::event::{CallId, Outcome};
use callsieve::profile::diff;
use callsieve::recording::{Observed, Recording, Run, RunId};
use serde::Serialize;

use super::render::pieces::{Line, number_of, outside, own};
use super::render::{counted, number};

/// Programs that are named in one line.
const PROGRAMS: usize = 2;
/// Names of processes that are told of a program.
const NAMES: usize = 2;

/// What recordings have of all calls.
#[derive(Debug, Default)]
pub(crate) struct Causes {
    recordings: usize,
    calls: BTreeMap<Arch, BTreeMap<CallId, Cause>>,
    /// All calls of an architecture together.
    whole: BTreeMap<Arch, Cause>,
}

/// What recordings have of a call on one architecture. Text in it is as it was recorded.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Cause {
    /// How many recordings there are, one for each run or trace.
    pub(crate) recordings: usize,
    /// In how many of them the call is.
    pub(crate) seen_in: usize,
    pub(crate) calls: u64,
    /// Those with most calls first.
    pub(crate) by: Vec<Maker>,
    /// How calls failed: an errno, or another way of ending without success.
    pub(crate) errors: BTreeMap<String, u64>,
    /// It always failed with what a filter or a missing capability gives.
    pub(crate) never_succeeded: bool,
    pub(crate) first: First,
    /// The first file of each recording that has the call.
    pub(crate) files: BTreeSet<String>,
    #[serde(skip)]
    programs: BTreeMap<String, Maker>,
    #[serde(skip)]
    runs: BTreeSet<RunId>,
    #[serde(skip)]
    outcomes: BTreeSet<Outcome>,
}

/// A program that made a call.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Maker {
    /// Empty for what ran before the first execve and where the source does not tell.
    pub(crate) executable: String,
    /// Names that its processes gave themselves.
    pub(crate) names: BTreeSet<String>,
    /// The programs that its processes ran before; the empty name stands for what a recording
    /// began with. None where the recordings do not tell.
    pub(crate) started_by: BTreeSet<String>,
    pub(crate) calls: u64,
}

/// Where and when a call was seen first.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct First {
    /// Since its recording began, where that tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) milliseconds: Option<u64>,
    /// The file that it was read from, and the line there; 0 where there are no lines.
    pub(crate) file: String,
    pub(crate) line: u64,
}

impl Causes {
    /// What any number of recordings have, each run of them once.
    pub(crate) fn of(recordings: &[&Recording]) -> Self {
        let runs: BTreeMap<RunId, &Run> = recordings.iter().flat_map(|it| it.runs()).collect();
        let mut causes = Self {
            recordings: runs.len(),
            ..Self::default()
        };
        for (id, run) in runs {
            for (arch, calls) in &run.calls {
                let known = causes.calls.entry(*arch).or_default();
                let whole = causes.whole.entry(*arch).or_default();
                for (call, observed) in calls {
                    known
                        .entry(call.clone())
                        .or_default()
                        .add(id, run, observed);
                    whole.add(id, run, observed);
                }
            }
        }
        let all = causes.calls.values_mut().flat_map(BTreeMap::values_mut);
        for cause in all.chain(causes.whole.values_mut()) {
            cause.finish(causes.recordings);
        }
        causes
    }

    /// How many recordings there are.
    pub(crate) const fn recordings(&self) -> usize {
        self.recordings
    }

    /// Who made a call; `None` if no recording has it.
    pub(crate) fn get(&self, arch: Arch, call: &diff::CallId) -> Option<&Cause> {
        match call {
            diff::CallId::Name(name) => self.calls.get(&arch)?.get(&CallId::Name(name.clone())),
            diff::CallId::WholeArchitecture => self.whole.get(&arch),
            diff::CallId::AnyOther => self.numbered(arch, 0),
            diff::CallId::AnyFrom(first) => self.numbered(arch, *first),
        }
    }

    /// Who made a call without a name, the first from a number on.
    fn numbered(&self, arch: Arch, from: u32) -> Option<&Cause> {
        let calls = self.calls.get(&arch)?;
        let of = |call: &CallId| match call {
            CallId::Number(number) => *number >= from,
            CallId::Name(_) => false,
        };
        calls.iter().find(|(call, _)| of(call)).map(|(_, it)| it)
    }
}

impl Cause {
    fn add(&mut self, id: RunId, run: &Run, observed: &Observed) {
        let (at, line) = observed.first;
        let first = First {
            file: run.files.get(at).cloned().unwrap_or_default(),
            line,
            milliseconds: observed
                .since_start
                .map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        };
        if self.runs.is_empty() || first.key() < self.first.key() {
            self.first = first;
        }
        self.runs.insert(id);
        self.files.extend(run.files.first().cloned());
        self.calls = self.calls.saturating_add(observed.calls);
        for (outcome, calls) in &observed.outcomes {
            self.outcomes.insert(outcome.clone());
            if is_failure(outcome) {
                let sum = self.errors.entry(outcome.to_string()).or_default();
                *sum = sum.saturating_add(*calls);
            }
        }
        for (executable, caller) in &observed.by {
            let maker = self.programs.entry(executable.clone()).or_default();
            maker.calls = maker.calls.saturating_add(caller.calls);
            if let Some(known) = run.executables.get(executable) {
                maker.names.extend(known.names.iter().cloned());
                maker.started_by.extend(known.started_by.keys().cloned());
            }
        }
    }

    /// Puts what was gathered in order.
    fn finish(&mut self, recordings: usize) {
        self.recordings = recordings;
        self.seen_in = self.runs.len();
        self.never_succeeded =
            !self.outcomes.is_empty() && self.outcomes.iter().all(Outcome::is_refusal);
        self.by = std::mem::take(&mut self.programs)
            .into_iter()
            .map(|(executable, maker)| Maker {
                executable,
                ..maker
            })
            .collect();
        // Of equal ones the names decide, as they are sorted already.
        self.by.sort_by_key(|maker| std::cmp::Reverse(maker.calls));
    }

    /// `by /usr/sbin/nginx (nginx), 3 calls, in 1 of 3 recordings, first at web.log line 12`
    pub(crate) fn line(&self) -> Line {
        let mut line = Line::new();
        for (at, maker) in self.by.iter().take(PROGRAMS).enumerate() {
            line.push(own(if at == 0 { "by " } else { ", " }));
            line.extend(maker.line());
        }
        if let Some(more) = self.by.len().checked_sub(PROGRAMS).filter(|more| *more > 0) {
            let more = counted(number_of(more), "more programs");
            line.push(own(format!(" and {more}")));
        }
        if !line.is_empty() {
            line.push(own(", "));
        }
        line.push(own(counted(self.calls, "calls")));
        if self.recordings > 1 {
            let all = counted(number_of(self.recordings), "recordings");
            line.push(own(format!(", in {} of {all}", self.seen_in)));
        }
        line.extend(self.first.line());
        line.extend(self.failures());
        line
    }

    /// `; EPERM 3, so it may have been refused while recording`
    fn failures(&self) -> Option<super::render::pieces::Piece> {
        if self.errors.is_empty() {
            return None;
        }
        let errors: Vec<String> = self
            .errors
            .iter()
            .map(|(error, calls)| format!("{error} {}", number(*calls)))
            .collect();
        let refused = if self.never_succeeded {
            ", so it may have been refused while recording"
        } else {
            ""
        };
        Some(own(format!("; {}{refused}", errors.join(", "))))
    }
}

impl Maker {
    fn line(&self) -> Line {
        if self.executable.is_empty() {
            return vec![own("a program that is not told")];
        }
        let base = self.executable.rsplit('/').next().unwrap_or_default();
        let names: Vec<&str> = self
            .names
            .iter()
            .map(String::as_str)
            .filter(|name| *name != base)
            .take(NAMES)
            .collect();
        let mut inside = Line::new();
        if !names.is_empty() {
            inside.push(outside(&names.join(", ")));
        }
        let starters = self.started_by.iter();
        let starters = starters.filter(|it| !it.is_empty() && **it != self.executable);
        for (at, starter) in starters.take(NAMES).enumerate() {
            if !inside.is_empty() {
                inside.push(own(", "));
            }
            inside.push(own(if at == 0 { "started by " } else { "" }));
            inside.push(outside(starter));
        }
        let mut line = vec![outside(&self.executable)];
        if !inside.is_empty() {
            line.push(own(" ("));
            line.extend(inside);
            line.push(own(")"));
        }
        line
    }
}

impl First {
    /// Those with a time come first, the soonest before all.
    fn key(&self) -> (u64, &str, u64) {
        (self.milliseconds.unwrap_or(u64::MAX), &self.file, self.line)
    }

    fn line(&self) -> Line {
        if let Some(time) = self.milliseconds {
            let seconds = Duration::from_millis(time).as_secs_f64();
            return vec![own(format!(", first {seconds:.3} s after the start"))];
        }
        if self.file.is_empty() || self.line == 0 {
            return Line::new();
        }
        vec![
            own(", first at "),
            outside(&self.file),
            own(format!(" line {}", self.line)),
        ]
    }
}

const fn is_failure(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Error(_) | Outcome::Sigsys | Outcome::Failed => true,
        Outcome::Success
        | Outcome::Interrupted
        | Outcome::NoReturn
        | Outcome::Injected
        | Outcome::Unknown => false,
    }
}
