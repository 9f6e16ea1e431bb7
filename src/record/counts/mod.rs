//! What was seen so far, by program: the state that recordings and checkpoints are made of.

mod totals;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::arch::Arch;
use crate::event::{
    ArgFacts, ArgValue, CallId, Capture, Denial, Gap, Image, Outcome, Place, Remark, Sighting,
    Sink, Skip, Tally,
};
use crate::record::denials::Denials;
use crate::record::under::Verdict;
use crate::sys::kernel::{RawCall, Tid};
use crate::syscalls::{ArgKind, SyscallName, closed_set_arguments, table};
pub(crate) use totals::Total;

/// More programs than this are counted under one name, as in a recording.
const MAX_PROGRAMS: usize = 1_000;
/// That name.
pub(crate) const OTHERS: &str = "(others)";
/// More numbers without a name than this are lost: a bound against a program that makes them up.
const MAX_UNNAMED: usize = 1_024;
/// How many names of threads are kept for a program.
const MAX_NAMES: usize = 16;

/// A program, by its place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProgramId(usize);

/// A call as the kernel distinguishes them: `AUDIT_ARCH_*` and the number.
type Key = (u32, u32);

/// A call that was counted and has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Open {
    program: ProgramId,
    key: Key,
}

/// Calls that a recorder has to look at more closely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Special {
    /// Nothing to look at.
    None,
    /// `clone`, with the position of its flags.
    Clone(u8),
    Clone3,
    Ptrace,
    Seccomp,
    Prctl,
    /// Writes to a descriptor, which may be the terminal.
    Output,
    /// Reads from a descriptor, which may be the terminal.
    Input,
    /// May change how the terminal works.
    Ioctl,
}

impl Special {
    /// What a call is, by its name and those of its arguments that are kept.
    pub(crate) fn of(name: Option<&str>, closed: &[(u8, ArgKind)]) -> Self {
        match name {
            Some("clone") => closed
                .iter()
                .find(|(_, kind)| *kind == ArgKind::CloneFlags)
                .map_or(Self::None, |(index, _)| Self::Clone(*index)),
            Some("clone3") => Self::Clone3,
            Some("ptrace") => Self::Ptrace,
            Some("seccomp") => Self::Seccomp,
            Some("prctl") => Self::Prctl,
            Some("write" | "writev") => Self::Output,
            Some("read" | "readv") => Self::Input,
            Some("ioctl") => Self::Ioctl,
            Some(_) | None => Self::None,
        }
    }
}

/// A kind of call that had not been seen before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct First {
    /// The architecture.
    pub arch: Arch,
    /// The call.
    pub call: CallId,
    /// The program.
    pub program: String,
    /// The thread.
    pub tid: Tid,
    /// Since the start.
    pub at: Duration,
}

#[derive(Debug)]
struct Program {
    image: Image,
    counts: BTreeMap<Key, Count>,
}

#[derive(Debug)]
struct Count {
    arch: Arch,
    call: CallId,
    special: Special,
    calls: u64,
    outcomes: BTreeMap<Outcome, u64>,
    closed: &'static [(u8, ArgKind)],
    args: BTreeMap<u8, ArgFacts>,
    first: u64,
    /// Since the start.
    at: Duration,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub struct Observations {
    /// How it is taken.
    pub(crate) capture: Capture,
    /// The name that stands for the source of evidence.
    label: String,
    programs: Vec<Program>,
    by_name: BTreeMap<String, ProgramId>,
    kinds: BTreeSet<(Arch, u32)>,
    unnamed: usize,
    calls: u64,
    lost: u64,
    gaps: BTreeSet<Gap>,
    last_new: Option<First>,
    /// When it began, after the recorder did.
    began: Duration,
    /// Only of what came as totals.
    firsts: Vec<First>,
    denials: Denials,
}

impl Observations {
    /// Nothing yet, of what is known to people as `label`.
    pub(crate) fn new(label: &str, capture: Capture) -> Self {
        Self {
            capture,
            label: label.to_owned(),
            ..Self::default()
        }
    }

    /// How many calls.
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    /// How many kinds of calls.
    pub fn kinds(&self) -> usize {
        self.kinds.len()
    }

    /// How many calls were seen and could not be kept.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// The kind that was seen last for the first time.
    pub const fn last_new(&self) -> Option<&First> {
        self.last_new.as_ref()
    }

    /// How it was taken.
    pub const fn capture(&self) -> &Capture {
        &self.capture
    }

    /// How long it takes by now, since the recorder began.
    pub(crate) fn has_taken(&mut self, elapsed: Duration) {
        let taken = elapsed.saturating_sub(self.began);
        self.capture.milliseconds = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
    }

    /// Forgets what was seen; programs keep their places in the list.
    pub(crate) fn begin_anew(&mut self, now: Duration) {
        for program in &mut self.programs {
            program.counts.clear();
            program.image.processes = 0;
            program.image.ends.clear();
            program.image.started_by.clear();
        }
        self.kinds.clear();
        (self.unnamed, self.calls, self.lost) = (0, 0, 0);
        self.gaps.clear();
        self.began = now;
    }

    /// The name of what is recorded.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The program called `name`.
    pub(crate) fn program(&mut self, name: &str) -> ProgramId {
        if let Some(known) = self.by_name.get(name) {
            return *known;
        }
        if self.programs.len() >= MAX_PROGRAMS && name != OTHERS {
            return self.program(OTHERS);
        }
        let id = ProgramId(self.programs.len());
        self.programs.push(Program {
            image: Image {
                executable: Some(name.to_owned()),
                pid: None,
                processes: 0,
                names: BTreeSet::new(),
                ends: BTreeMap::new(),
                started_by: BTreeMap::new(),
            },
            counts: BTreeMap::new(),
        });
        self.by_name.insert(name.to_owned(), id);
        id
    }

    /// The name of a program.
    pub(crate) fn name(&self, program: ProgramId) -> &str {
        self.programs
            .get(program.0)
            .and_then(|it| it.image.executable.as_deref())
            .unwrap_or_default()
    }

    /// A process or thread runs a program from now on.
    pub(crate) fn runs(&mut self, program: ProgramId, tid: Tid, name: Option<String>) {
        let Some(program) = self.programs.get_mut(program.0) else {
            return;
        };
        let image = &mut program.image;
        image.processes += 1;
        let pid = u32::try_from(tid.0).ok();
        image.pid = [image.pid, pid].into_iter().flatten().min();
        if let Some(name) = name.filter(|_| image.names.len() < MAX_NAMES) {
            image.names.insert(name);
        }
    }

    /// A process executed a program, while it ran another.
    pub(crate) fn executes(&mut self, program: ProgramId, former: ProgramId) {
        let former = self.name(former).to_owned();
        if let Some(program) = self.programs.get_mut(program.0) {
            *program.image.started_by.entry(former).or_default() += 1;
        }
    }

    /// A program was executed so often by processes that ran one of this name.
    pub(crate) fn started(&mut self, program: ProgramId, by: &str, times: u64) {
        if let Some(program) = self.programs.get_mut(program.0) {
            *program.image.started_by.entry(by.to_owned()).or_default() += times;
        }
    }

    /// A process that ran a program ended.
    pub(crate) fn ended(&mut self, program: ProgramId, how: String) {
        if let Some(program) = self.programs.get_mut(program.0) {
            *program.image.ends.entry(how).or_default() += 1;
        }
    }

    /// Something is missing.
    pub(crate) fn gap(&mut self, gap: Gap) {
        self.gaps.insert(gap);
    }

    /// A program did something noteworthy.
    pub(crate) fn remark(&mut self, remark: Remark, program: ProgramId) {
        let name = self.name(program).to_owned();
        self.capture.remark(remark, &name);
    }

    /// Counts a call. `Err` if it had to be lost.
    pub(crate) fn begin(
        &mut self,
        program: ProgramId,
        call: &RawCall,
        tid: Tid,
        now: impl FnOnce() -> Duration,
    ) -> (Option<Open>, Special, bool) {
        self.calls += 1;
        // The number is 32 bits wide to the kernel; -1 comes with all of 64.
        let number = u32::try_from(call.number & 0xffff_ffff).unwrap_or(u32::MAX);
        let key = (call.arch, number);
        let Some(of) = self.programs.get_mut(program.0) else {
            self.lose();
            return (None, Special::None, false);
        };
        if let Some(count) = of.counts.get_mut(&key) {
            count.add(call);
            return (Some(Open { program, key }), count.special, false);
        }
        self.first(program, key, call, tid, now)
    }

    fn lose(&mut self) {
        self.lost += 1;
        self.gaps.insert(Gap::Lost);
    }

    /// A call that this program had not made before.
    fn first(
        &mut self,
        program: ProgramId,
        key: Key,
        call: &RawCall,
        tid: Tid,
        now: impl FnOnce() -> Duration,
    ) -> (Option<Open>, Special, bool) {
        let Some(arch) = Arch::from_audit(key.0, key.1) else {
            self.lose();
            return (None, Special::None, false);
        };
        let name = table(arch).name(key.1);
        if name.is_none() {
            self.unnamed += 1;
            if self.unnamed > MAX_UNNAMED {
                self.lose();
                return (None, Special::None, false);
            }
        }
        let at = now();
        let since_start = at.saturating_sub(self.began);
        let mut count = Count::new(arch, key.1, name, (self.calls, since_start));
        count.add(call);
        let special = count.special;
        let new = self.kinds.insert((arch, key.1));
        if new {
            self.last_new = Some(First {
                arch,
                call: count.call.clone(),
                program: self.name(program).to_owned(),
                tid,
                at,
            });
        }
        if let Some(of) = self.programs.get_mut(program.0) {
            match of.counts.entry(key) {
                Entry::Vacant(place) => drop(place.insert(count)),
                Entry::Occupied(_) => {}
            }
        }
        (Some(Open { program, key }), special, new)
    }

    /// A call was not allowed by the filter that the program runs under. The kind that it is the
    /// first of.
    pub(crate) fn denied(
        &mut self,
        program: ProgramId,
        pid: Tid,
        call: &RawCall,
        verdict: &Verdict,
        now: Duration,
    ) -> Option<&Denial> {
        let name = self.programs.get(program.0);
        let name = name.and_then(|it| it.image.executable.as_deref());
        let under = self.capture.under.as_mut()?;
        let of = (name.unwrap_or_default(), pid);
        self.denials.add(under, of, call, verdict, now)
    }

    /// A process ended that may have had calls refused.
    pub(crate) fn gone(&mut self, pid: Tid, how: &str, now: Duration) {
        if let Some(under) = self.capture.under.as_mut() {
            self.denials.ended(under, pid, how, now);
        }
    }

    /// A counted call ended.
    pub(crate) fn end(&mut self, open: Open, outcome: Outcome) {
        let count = self
            .programs
            .get_mut(open.program.0)
            .and_then(|program| program.counts.get_mut(&open.key));
        if let Some(count) = count {
            *count.outcomes.entry(outcome).or_default() += 1;
        }
    }

    /// Hands over all that was seen so far, and tells what is missing.
    pub fn report(&self, sink: &mut dyn Sink) -> Tally {
        // What ran before the program did has no name and made no calls.
        let ran = |it: &&Program| it.image.processes > 0 || !it.counts.is_empty();
        for program in self.programs.iter().filter(ran) {
            let sightings = program
                .counts
                .values()
                .map(|count| count.sighting(&self.label))
                .collect();
            sink.image(&program.image, sightings);
        }
        let mut tally = Tally {
            calls: self.calls,
            gaps: self.gaps.clone(),
            ..Tally::default()
        };
        if self.lost > 0 {
            tally.skipped.insert(Skip::Lost, self.lost);
        }
        if !self.capture.known.is_empty() {
            tally.gaps.insert(Gap::Incremental);
        }
        tally
    }
}

/// A call by its name where it has one; none if the architecture is not known.
pub(crate) fn call_id(arch: u32, number: u32) -> Option<(Arch, CallId)> {
    let arch = Arch::from_audit(arch, number)?;
    let name = table(arch).name(number).map(SyscallName::known);
    Some((arch, name.map_or(CallId::Number(number), CallId::Name)))
}

impl Count {
    /// `first` says which call of the recording the first one is, and when it was made.
    fn new(
        arch: Arch,
        number: u32,
        name: Option<&'static str>,
        (first, at): (u64, Duration),
    ) -> Self {
        let closed = name.map_or(&[][..], |name| closed_set_arguments(arch, name));
        let special = Special::of(name, closed);
        Self {
            arch,
            call: name.map_or(CallId::Number(number), |name| {
                CallId::Name(SyscallName::known(name))
            }),
            special,
            calls: 0,
            outcomes: BTreeMap::new(),
            closed,
            args: BTreeMap::new(),
            first,
            at,
        }
    }

    fn add(&mut self, call: &RawCall) {
        self.calls += 1;
        for (index, _) in self.closed {
            if let Some(value) = call.args.get(usize::from(*index)) {
                let facts = self.args.entry(*index).or_default();
                facts.add(ArgValue::Number(*value), 1);
            }
        }
    }

    fn sighting(&self, label: &str) -> Sighting {
        let mut outcomes = self.outcomes.clone();
        let told: u64 = outcomes.values().sum();
        let rest = self.calls.saturating_sub(told);
        if rest > 0 {
            *outcomes.entry(Outcome::Unknown).or_default() += rest;
        }
        Sighting {
            arch: self.arch,
            call: self.call.clone(),
            either: false,
            calls: self.calls,
            outcomes,
            args: self.args.clone(),
            first: Place {
                file: label.to_owned(),
                line: self.first,
            },
            since_start: Some(self.at),
        }
    }
}
