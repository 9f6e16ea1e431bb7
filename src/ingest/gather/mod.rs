//! Gathers the calls of logs that tell them one by one, by program and architecture, until the
//! log is over.

mod programs;
mod threads;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use programs::Running;
use threads::Threads;

use super::{Format, IngestError};
use crate::arch::Arch;
use crate::event::{CallId, Errno, Gap, Image, Outcome, Place, Sighting, Sink, Skip, Tally};
use crate::syscalls::{SyscallName, canonical, multiplexer, table};

/// How a log tells which call it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told<'a> {
    /// By its name, or that of its tracepoint.
    Name(&'a str),
    /// By its number.
    Number(u32),
    /// By what stands for several calls.
    OneOf(&'static [&'static str]),
}

/// A call as a log tells it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    /// Which.
    pub(super) id: Told<'a>,
    /// The architecture, where the log tells it.
    pub(super) arch: Option<Arch>,
    /// The program: its path, or its short name in parentheses.
    pub(super) program: Option<&'a str>,
    /// The process or thread.
    pub(super) pid: Option<u32>,
}

/// The name or number of a call, kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Kept {
    Name(Box<str>),
    Number(u32),
    OneOf(&'static [&'static str]),
}

/// A kind of call of one program.
type Key = (Option<Arch>, Kept);

/// A kind of call, and whose.
type OfProgram = (Option<Box<str>>, Key);

/// What is known of it.
#[derive(Debug, Default)]
struct Counted {
    calls: u64,
    outcomes: BTreeMap<Outcome, u64>,
    first: Option<(usize, u64)>,
    /// When that was, where the log tells.
    time: Option<Duration>,
}

#[derive(Debug, Default)]
struct Program {
    pids: BTreeSet<u32>,
    /// The programs that threads ran before.
    started_by: BTreeMap<Box<str>, u64>,
    calls: BTreeMap<Key, Counted>,
}

/// The calls of a log.
#[derive(Debug)]
pub(super) struct Gather {
    told: Option<Arch>,
    files: Vec<String>,
    line: u64,
    programs: BTreeMap<Option<Box<str>>, Program>,
    /// What threads are in.
    threads: Threads,
    running: Running,
    /// Returns of a new process from the call that made it: where the first one stands.
    births: BTreeMap<OfProgram, (usize, u64)>,
    kinds: usize,
    /// Kinds of calls that this line has first.
    fresh: Vec<OfProgram>,
    /// The first time that the log tells.
    start: Option<Duration>,
    /// What became of the lines.
    pub(super) tally: Tally,
}

/// More programs are counted under one name.
const MAX_PROGRAMS: usize = 1_000;
/// More kinds of calls are not kept: a bound against a log of made-up names.
const MAX_KINDS: usize = 50_000;
/// More processes of one program are not told apart.
const MAX_PIDS: usize = 10_000;
/// A log with so many lines before the first time has none.
const UNTIMED: u64 = 1_000;
/// One line in so many is asked for its time anyway.
const NOW_AND_THEN: u64 = 64;
/// One line in so many may be something else before a recording counts as incomplete.
const TOLERATED: u64 = 20;

impl Gather {
    pub(super) fn new(told: Option<Arch>) -> Self {
        Self {
            told,
            files: Vec::new(),
            line: 0,
            programs: BTreeMap::new(),
            threads: Threads::default(),
            running: Running::default(),
            births: BTreeMap::new(),
            kinds: 0,
            fresh: Vec::new(),
            start: None,
            tally: Tally::default(),
        }
    }

    pub(super) fn file(&mut self, name: &str) {
        self.files.push(name.to_owned());
        self.line = 0;
    }

    /// The next line is looked at.
    pub(super) fn next_line(&mut self) {
        self.line += 1;
        self.tally.lines += 1;
        self.fresh.clear();
    }

    /// Where this line stands.
    const fn place(&self) -> (usize, u64) {
        (self.files.len().saturating_sub(1), self.line)
    }

    /// Whether the time of this line is needed: kinds of calls were met first, or no time yet. Some
    /// more lines are looked at, so that no midnight passes unseen.
    pub(super) const fn wants_time(&self) -> bool {
        !self.fresh.is_empty()
            || self.line.is_multiple_of(NOW_AND_THEN)
            || (self.start.is_none() && self.line < UNTIMED)
    }

    /// The time of this line.
    pub(super) fn timed(&mut self, time: Duration) {
        self.start.get_or_insert(time);
        for (program, key) in self.fresh.drain(..) {
            let program = self.programs.get_mut(&program);
            if let Some(counted) = program.and_then(|program| program.calls.get_mut(&key)) {
                counted.time.get_or_insert(time);
            }
        }
    }

    pub(super) const fn kinds(&self) -> usize {
        self.kinds
    }

    /// Counts a line that was not understood.
    pub(super) fn not_understood(&mut self, text: &[u8]) {
        let file = self.files.last().map_or("", String::as_str);
        self.tally.not_understood(file, self.line, text);
    }

    /// The 32-bit architecture that machines of the one that was told run besides.
    pub(super) fn compat(&self) -> Option<Arch> {
        let subs = self.told?.sub_architectures();
        subs.iter()
            .copied()
            .find(|arch| !arch.is_64_bit() && *arch != Arch::X32)
    }

    /// Something makes the log incomplete.
    pub(super) fn gap(&mut self, gap: Gap) {
        self.tally.gaps.insert(gap);
    }

    /// A call that ended in a known way, or in one that the log does not tell.
    pub(super) fn call(&mut self, call: Call<'_>, outcome: Option<Outcome>) {
        self.runs(&call, outcome.as_ref());
        self.calls(call, outcome, 1);
    }

    /// So many calls of one kind.
    pub(super) fn calls(&mut self, call: Call<'_>, outcome: Option<Outcome>, times: u64) {
        if let Some(counted) = self.begin(call, times)
            && let Some(outcome) = outcome
        {
            let count = counted.outcomes.entry(outcome).or_default();
            *count = count.saturating_add(times);
        }
    }

    /// Where the log does not show the call that made a process, the return from it is all the
    /// evidence of it.
    fn count_orphans(&mut self) {
        for ((name, key), place) in std::mem::take(&mut self.births) {
            let seen = |program: &Program| program.calls.contains_key(&key);
            if self.programs.values().any(seen) || self.kinds >= MAX_KINDS {
                continue;
            }
            self.kinds += 1;
            self.tally.calls = self.tally.calls.saturating_add(1);
            self.tally.skip(Skip::ResumedOnly);
            let counted = Counted {
                calls: 1,
                outcomes: BTreeMap::from([(Outcome::Success, 1)]),
                first: Some(place),
                time: None,
            };
            let program = self.programs.entry(name).or_default();
            program.calls.insert(key, counted);
        }
    }

    fn program(&self, call: &Call<'_>) -> Option<Box<str>> {
        let name: Option<Box<str>> = call.program.map(Into::into);
        if self.programs.len() >= MAX_PROGRAMS && !self.programs.contains_key(&name) {
            return Some("(others)".into());
        }
        name
    }

    fn begin(&mut self, call: Call<'_>, times: u64) -> Option<&mut Counted> {
        let name = self.program(&call);
        let key = key(&call);
        let place = self.place();
        let program = self.programs.entry(name.clone()).or_default();
        if let Some(pid) = call.pid
            && program.pids.len() < MAX_PIDS
        {
            program.pids.insert(pid);
        }
        if !program.calls.contains_key(&key) {
            if self.kinds >= MAX_KINDS || !well_formed(&key.1) {
                self.tally.skip(Skip::UnknownName);
                return None;
            }
            self.kinds += 1;
            self.fresh.push((name, key.clone()));
        }
        if !known(&key) {
            self.tally.skip(Skip::UnknownName);
        }
        self.tally.calls = self.tally.calls.saturating_add(times);
        let counted = program.calls.entry(key).or_default();
        counted.calls = counted.calls.saturating_add(times);
        counted.first.get_or_insert(place);
        Some(counted)
    }

    /// The log is over: hands over what it has.
    pub(super) fn finish(
        mut self,
        format: Format,
        sink: &mut dyn Sink,
    ) -> Result<Tally, IngestError> {
        self.count_orphans();
        self.find_not_followed();
        let file = self.files.first().cloned().unwrap_or_default();
        if self.tally.lines == 0 {
            return Err(IngestError::Empty { file, format });
        }
        if self.tally.calls == 0 {
            return Err(match self.tally.examples.first() {
                Some(example) => IngestError::NothingUnderstood {
                    file: example.file.clone(),
                    format,
                    line: example.line,
                    text: example.text.clone(),
                },
                None => IngestError::NoCalls { file, format },
            });
        }
        let strange = self.tally.skipped(Skip::NotUnderstood);
        if strange.saturating_mul(TOLERATED) > self.tally.lines {
            self.gap(Gap::NotUnderstood);
        }
        self.find_wrong_table();
        let mut kinds = self
            .programs
            .values()
            .flat_map(|program| program.calls.keys());
        let told = self.told;
        if told.is_none() && kinds.any(|(arch, _)| arch.is_none()) {
            let candidates = self.candidates();
            return Err(IngestError::UnknownArch { file, candidates });
        }
        for (name, program) in self.programs {
            let mut sightings = Vec::new();
            for ((arch, kept), counted) in program.calls {
                let Some(arch) = arch.or(told) else { continue };
                let time = counted.time;
                let since_start = time.and_then(|time| time.checked_sub(self.start?));
                let sighted = sighted(arch, &kept, counted, &self.files);
                sightings.extend(sighted.into_iter().map(|sighting| Sighting {
                    since_start,
                    ..sighting
                }));
            }
            let image = Image {
                executable: name.map(Into::into),
                pid: program.pids.first().copied(),
                processes: u64::try_from(program.pids.len()).unwrap_or(u64::MAX).max(1),
                names: BTreeSet::new(),
                ends: BTreeMap::new(),
                started_by: program
                    .started_by
                    .into_iter()
                    .map(|(name, count)| (name.into(), count))
                    .collect(),
            };
            sink.image(&image, sightings);
        }
        Ok(self.tally)
    }

    /// The architectures that have all calls of which the log tells none.
    fn candidates(&self) -> Vec<Arch> {
        let fits = |arch: &Arch| {
            self.programs
                .values()
                .flat_map(|program| program.calls.keys())
                .filter(|key| key.0.is_none() && known(key))
                .all(|(_, kept)| match kept {
                    Kept::Name(name) => has_name(*arch, name),
                    Kept::Number(number) => table(*arch).name(*number).is_some(),
                    Kept::OneOf(names) => names.iter().any(|name| has_name(*arch, name)),
                })
        };
        Arch::ALL.into_iter().filter(fits).collect()
    }
}

fn key(call: &Call<'_>) -> Key {
    let kept = match call.id {
        Told::Name(name) => Kept::Name(name.into()),
        Told::Number(number) => Kept::Number(number),
        Told::OneOf(names) => Kept::OneOf(names),
    };
    (call.arch, kept)
}

fn well_formed(kept: &Kept) -> bool {
    match kept {
        Kept::Name(name) => SyscallName::new(name).is_ok(),
        Kept::Number(_) | Kept::OneOf(_) => true,
    }
}

fn has_name(arch: Arch, name: &str) -> bool {
    canonical(arch, name).is_some() || multiplexer(arch, name).is_some()
}

/// Whether some architecture, or the one that is told, has such a call.
fn known((arch, kept): &Key) -> bool {
    let Kept::Name(name) = kept else { return true };
    match arch {
        Some(arch) => has_name(*arch, name),
        None => Arch::ALL.into_iter().any(|arch| has_name(arch, name)),
    }
}

/// What a kind of call is on an architecture: the call of that name or number, and where the
/// name is that of a sub-call, the multiplexer too.
fn sighted(arch: Arch, kept: &Kept, counted: Counted, files: &[String]) -> Vec<Sighting> {
    let mut calls = Vec::new();
    match kept {
        Kept::Number(number) => calls.push(match table(arch).name(*number) {
            Some(name) => CallId::Name(SyscallName::known(name)),
            None => CallId::Number(*number),
        }),
        Kept::Name(name) => {
            let names = [multiplexer(arch, name), canonical(arch, name)];
            let names = names.into_iter().flatten();
            calls.extend(names.map(|name| CallId::Name(SyscallName::known(name))));
            if calls.is_empty()
                && let Ok(name) = SyscallName::new(name)
            {
                calls.push(CallId::Name(name));
            }
        }
        Kept::OneOf(names) => {
            let names = names.iter().filter_map(|name| canonical(arch, name));
            let names: BTreeSet<_> = names.collect();
            calls.extend(
                names
                    .into_iter()
                    .map(|name| CallId::Name(SyscallName::known(name))),
            );
        }
    }
    let mut outcomes = counted.outcomes;
    let told = outcomes
        .values()
        .fold(0u64, |sum, n| sum.saturating_add(*n));
    if let Some(rest) = counted.calls.checked_sub(told).filter(|rest| *rest > 0) {
        *outcomes.entry(Outcome::Unknown).or_default() += rest;
    }
    let (file, line) = counted.first.unwrap_or_default();
    let first = Place {
        file: files.get(file).cloned().unwrap_or_default(),
        line,
    };
    let either = calls.len() > 1;
    calls
        .into_iter()
        .map(|call| Sighting {
            arch,
            call,
            either,
            calls: counted.calls,
            outcomes: outcomes.clone(),
            args: BTreeMap::new(),
            first: first.clone(),
            since_start: None,
        })
        .collect()
}

/// What a return value means: the kernel gives errors as -4095 to -1.
pub(super) fn returned(value: i64) -> Outcome {
    match value {
        // ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK: include/linux/errno.h.
        -514..=-512 | -516 => Outcome::Interrupted,
        -4095..=-1 => match u16::try_from(-value) {
            Ok(number) => Outcome::Error(Errno::numbered(number)),
            Err(_) => Outcome::Failed,
        },
        _ => Outcome::Success,
    }
}

/// A return value as hexadecimal digits of a 64-bit word.
pub(super) fn returned_word(word: u64) -> Outcome {
    returned(word.cast_signed())
}
