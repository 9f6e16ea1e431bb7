//! What was observed: runs, each with its calls per architecture, its processes and its losses.
//!
//! A [`Recording`] is a set of runs. A run's name is made from its content, so that merging is
//! the union of two sets: commutative, associative and idempotent, in its counts too, since a
//! run that comes twice is there once. Architectures never mix.

mod build;
mod file;
mod recorder;
mod runtime;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

pub use build::RunBuilder;
pub use file::{FileError, FormatVersion, SUPPORTED, looks_like_recording, read, write};

use crate::arch::Arch;
use crate::event::{ArgFacts, CallId, Capture, Gap, Outcome, Tally};

/// What was observed in any number of runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recording {
    runs: BTreeMap<RunId, Run>,
}

/// The name of a run: the first 16 bytes of the SHA-256 of what it holds, but for the names of
/// its files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId([u8; 16]);

/// One run of a program, or one log of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Where it comes from, for example `strace`.
    pub source: String,
    /// The files it was read from, without their folders.
    pub files: Vec<String>,
    /// What was read and what could not be used.
    pub tally: Tally,
    /// The programs that ran. The empty name stands for what ran before the first execve and for
    /// processes whose program the source does not tell.
    pub executables: BTreeMap<String, Executable>,
    /// The calls.
    pub calls: BTreeMap<Arch, BTreeMap<CallId, Observed>>,
    /// How a recorder took it; none if it was read from a log.
    pub capture: Option<Capture>,
}

/// A program that ran.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Executable {
    /// How many processes and threads ran it.
    pub processes: u64,
    /// The lowest number of a process that ran it.
    pub pid: Option<u32>,
    /// Names that they gave themselves.
    pub names: BTreeSet<String>,
    /// How processes ended that ran it: `exit 0` or a signal.
    pub ends: BTreeMap<String, u64>,
    /// The programs that processes ran before they executed this one, and how often; the empty
    /// name stands for what the run began with. None where the source does not tell.
    pub started_by: BTreeMap<String, u64>,
}

/// What is known of one kind of call in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// How many were begun.
    pub calls: u64,
    /// It may have been another call, reported beside it; see
    /// [`Sighting::either`](crate::event::Sighting::either).
    pub either: bool,
    /// How they ended.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Which programs made them.
    pub by: BTreeMap<String, Caller>,
    /// Arguments that come from a small set, by position.
    pub args: BTreeMap<u8, ArgFacts>,
    /// The first one, by time where the source tells it: the position of its file in [`Run::files`],
    /// and the line.
    pub first: (usize, u64),
    /// When the first one was made, since the run began, where the source tells; to the
    /// millisecond.
    pub since_start: Option<Duration>,
}

/// A program that made a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// How many.
    pub calls: u64,
    /// The lowest number of a process that made one.
    pub pid: Option<u32>,
}

/// What is known of one kind of call in all runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total<'a> {
    /// How many were begun.
    pub calls: u64,
    /// No run tells whether it was this call or the one beside it.
    pub either: bool,
    /// How they ended.
    pub outcomes: BTreeMap<&'a Outcome, u64>,
    /// Which programs made them.
    pub by: BTreeMap<&'a str, u64>,
    /// Arguments that come from a small set, by position.
    pub args: BTreeMap<u8, ArgFacts>,
    /// The runs that have it.
    pub runs: BTreeSet<RunId>,
    /// The first one of the first run: file and line.
    pub first: (&'a str, u64),
    /// When the first one was made in the run that has it soonest, since that run began.
    pub since_start: Option<Duration>,
}

impl Recording {
    /// A recording of one run.
    pub fn of(run: Run) -> Self {
        Self {
            runs: BTreeMap::from([(run.id(), run)]),
        }
    }

    /// The runs, in the order of their names.
    pub fn runs(&self) -> impl ExactSizeIterator<Item = (RunId, &Run)> {
        self.runs.iter().map(|(id, run)| (*id, run))
    }

    /// Adds the runs of another recording. A run that both have is there once; if its files had
    /// different names, the names that sort first stay.
    pub fn merge(&mut self, other: Self) {
        for (id, run) in other.runs {
            match self.runs.get_mut(&id) {
                Some(known) => {
                    if run.files < known.files {
                        known.files = run.files;
                    }
                }
                None => {
                    self.runs.insert(id, run);
                }
            }
        }
    }

    /// The architectures seen.
    pub fn arches(&self) -> BTreeSet<Arch> {
        self.runs
            .values()
            .flat_map(|run| run.calls.keys().copied())
            .collect()
    }

    /// The calls of all runs, per architecture.
    pub fn totals(&self) -> BTreeMap<Arch, BTreeMap<CallId, Total<'_>>> {
        let mut all: BTreeMap<Arch, BTreeMap<CallId, Total<'_>>> = BTreeMap::new();
        for (id, run) in &self.runs {
            for (arch, calls) in &run.calls {
                let totals = all.entry(*arch).or_default();
                for (call, observed) in calls {
                    totals
                        .entry(call.clone())
                        .or_insert_with(|| Total::start(run, observed))
                        .add(*id, observed);
                }
            }
        }
        all
    }

    /// What makes the recording incomplete: for each run its gaps. A run that left out what was
    /// known is complete beside the runs that it was known from.
    pub fn gaps(&self) -> impl Iterator<Item = (&Run, Gap)> {
        self.runs
            .values()
            .flat_map(move |run| self.gaps_of(run).map(move |gap| (run, gap)))
    }

    /// What makes a run of this recording incomplete.
    pub fn gaps_of(&self, run: &Run) -> impl Iterator<Item = Gap> {
        let known = self.has_known_of(run);
        let gaps = run.tally.gaps.iter().copied();
        gaps.filter(move |gap| *gap != Gap::Incremental || !known)
    }

    /// Whether all that a run knew beforehand is here.
    fn has_known_of(&self, run: &Run) -> bool {
        run.capture.as_ref().is_some_and(|capture| {
            capture.known.iter().all(|known| {
                RunId::parse(known).is_some_and(|known| self.runs.contains_key(&known))
            })
        })
    }
}

impl<'a> Total<'a> {
    fn start(run: &'a Run, observed: &'a Observed) -> Self {
        let (file, line) = observed.first;
        Self {
            calls: 0,
            either: true,
            outcomes: BTreeMap::new(),
            by: BTreeMap::new(),
            args: BTreeMap::new(),
            runs: BTreeSet::new(),
            first: (run.files.get(file).map_or("", String::as_str), line),
            since_start: None,
        }
    }

    fn add(&mut self, id: RunId, observed: &'a Observed) {
        self.calls = self.calls.saturating_add(observed.calls);
        self.either &= observed.either;
        self.since_start = earlier(self.since_start, observed.since_start);
        for (outcome, count) in &observed.outcomes {
            let sum = self.outcomes.entry(outcome).or_default();
            *sum = sum.saturating_add(*count);
        }
        for (name, caller) in &observed.by {
            let sum = self.by.entry(name).or_default();
            *sum = sum.saturating_add(caller.calls);
        }
        for (index, facts) in &observed.args {
            self.args.entry(*index).or_default().absorb(facts);
        }
        self.runs.insert(id);
    }

    /// Whether no such call ever succeeded, as far as is known: each failed with EPERM, EACCES
    /// or ENOSYS, which is what a filter or a missing capability gives.
    pub fn never_succeeded(&self) -> bool {
        !self.outcomes.is_empty() && self.outcomes.keys().all(|outcome| outcome.is_refusal())
    }
}

/// The earlier of two times, as far as they are known.
fn earlier(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    [one, other].into_iter().flatten().min()
}

impl RunId {
    /// The name in hexadecimal.
    fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        if text.len() != 32 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
