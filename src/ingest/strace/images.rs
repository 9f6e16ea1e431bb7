//! What each program image did, until its architecture is known and it can be handed over.

use std::collections::{BTreeMap, BTreeSet};

use super::body::Mode;
use super::slots::{Slot, Slots};
use super::spelling::{ArchSet, Spellings};
use super::times::Times;
use super::values::PrintedValues;
use crate::arch::Arch;
use crate::event::{ArgFacts, ArgValue, Image, Outcome, Place, Sighting, Sink};
use crate::syscalls::{closed_set_arguments, symbol_value};

/// One program in execution, shared by the processes that were forked in it.
#[derive(Debug)]
pub(super) struct ImageData {
    /// The path in the execve that started it, or the `comm` of a process in it.
    pub(super) executable: Option<String>,
    /// The process met first.
    pub(super) pid: Option<u32>,
    /// Processes and threads that ran it.
    pub(super) processes: u64,
    /// How many of them run it still.
    pub(super) alive: u64,
    /// Whether it is known where it comes from: an execve, or a fork in another image.
    pub(super) linked: bool,
    /// What the header of the first ELF file that it read says.
    pub(super) elf: Option<Arch>,
    /// The architectures that fit all its calls.
    pub(super) candidates: ArchSet,
    /// The program that its process ran before, where that is known.
    pub(super) former: Option<String>,
    /// The image that its process ran before, while the program of that is not known.
    pub(super) follows: Option<u32>,
    /// Its calls.
    pub(super) slots: Slots,
}

/// A [`Mode`] that can be a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ModeKey(u8);

impl From<Mode> for ModeKey {
    fn from(mode: Mode) -> Self {
        Self(match mode {
            Mode::Bits64 => 0,
            Mode::Bits32 => 1,
            Mode::X32 => 2,
        })
    }
}

impl ModeKey {
    /// The architecture of this mode in the family of `arch`.
    fn arch(self, arch: Arch) -> Arch {
        let native = native_of(arch);
        let sub = |wanted: fn(Arch) -> bool| {
            native
                .sub_architectures()
                .iter()
                .copied()
                .find(|sub| wanted(*sub))
                .unwrap_or(arch)
        };
        match self.0 {
            0 => native,
            1 => sub(|arch| !arch.is_64_bit()),
            _ => sub(|arch| arch == Arch::X32),
        }
    }
}

impl ImageData {
    pub(super) fn new(pid: Option<u32>) -> Self {
        Self {
            executable: None,
            pid,
            processes: 0,
            alive: 0,
            linked: false,
            elf: None,
            candidates: ArchSet::ALL,
            former: None,
            follows: None,
            slots: Slots::default(),
        }
    }

    /// A process in it has this name. It stands for the program where there is no path.
    pub(super) fn met(&mut self, comm: Option<&[u8]>) {
        if let Some(comm) = comm
            && self.executable.is_none()
            && self.linked
        {
            self.executable = Some(format!(
                "({})",
                String::from_utf8_lossy(comm).escape_debug()
            ));
        }
    }

    /// Takes in what a forked process did before it was known whose child it is.
    pub(super) fn absorb(&mut self, child: Self) {
        self.executable = self.executable.take().or(child.executable);
        self.processes += child.processes;
        self.alive += child.alive;
        self.elf = self.elf.or(child.elf);
        self.narrow(child.candidates);
        self.slots.absorb(child.slots);
    }

    /// Takes into account that a call can only be of these architectures. A call that fits none
    /// of those left is of another mode, or no evidence at all.
    pub(super) fn narrow(&mut self, arches: ArchSet) {
        let both = self.candidates.and(arches);
        if !both.is_empty() {
            self.candidates = both;
        }
    }

    /// The architecture that its own calls tell.
    pub(super) fn own_arch(&self) -> Option<Arch> {
        self.elf
            .filter(|arch| self.candidates.contains(*arch))
            .or_else(|| self.by_names())
    }

    /// The one architecture that fits all its calls, among those that containers run on.
    fn by_names(&self) -> Option<Arch> {
        const COMMON: [Arch; 8] = [
            Arch::Aarch64,
            Arch::Arm,
            Arch::Loongarch64,
            Arch::Ppc64le,
            Arch::Riscv64,
            Arch::S390x,
            Arch::X86,
            Arch::X86_64,
        ];
        let mut fitting = self.candidates.iter().filter(|arch| COMMON.contains(arch));
        match (fitting.next(), fitting.next()) {
            (Some(arch), None) => Some(arch),
            (Some(_), Some(_)) => None,
            (None, _) => {
                let mut rest = self.candidates.iter();
                rest.next().filter(|_| rest.next().is_none())
            }
        }
    }
}

/// Where and when calls were made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'a> {
    /// The names of the files read, by number.
    pub(super) files: &'a [String],
    /// Their times.
    pub(super) times: &'a Times,
}

/// Hands an image over as one of `arch`.
pub(super) fn hand_over(
    image: ImageData,
    arch: Arch,
    spellings: &Spellings,
    places: &Places<'_>,
    sink: &mut dyn Sink,
) {
    let slots = image.slots.into_sorted();
    let mut sightings = Vec::with_capacity(slots.len());
    for ((spelling, mode), mut slot) in slots {
        let printed = slot.take_arguments();
        let Some(spelling) = spellings.get(spelling) else {
            continue;
        };
        let arch = mode.map_or(arch, |mode| mode.arch(arch));
        let calls = spelling.calls(arch);
        let either = calls.len() > 1;
        let outcomes = std::iter::repeat_n(outcomes(&mut slot), calls.len());
        for ((arch, call), outcomes) in calls.into_iter().zip(outcomes) {
            let args = if either
                && !matches!(&call, crate::event::CallId::Name(name) if Some(name.as_str()) == spelling.name.as_deref())
            {
                // The arguments printed are the sub-call's, not the multiplexer's.
                BTreeMap::new()
            } else {
                arguments(arch, spelling.name.as_deref().unwrap_or_default(), &printed)
            };
            sightings.push(Sighting {
                arch,
                call,
                either,
                calls: slot.calls,
                outcomes,
                args,
                first: places.first(&slot),
                since_start: places.times.since_start(slot.time),
            });
        }
    }
    let image = Image {
        executable: image.executable,
        pid: image.pid,
        processes: image.processes.max(1),
        names: BTreeSet::new(),
        ends: BTreeMap::new(),
        started_by: image.former.into_iter().map(|former| (former, 1)).collect(),
    };
    sink.image(&image, sightings);
}

impl Places<'_> {
    /// Where the first call of a slot stands.
    fn first(&self, slot: &Slot) -> Place {
        let (file, line) = slot.first.unwrap_or_default();
        let file = usize::try_from(file).unwrap_or(usize::MAX);
        Place {
            file: self.files.get(file).cloned().unwrap_or_default(),
            line,
        }
    }
}

fn outcomes(slot: &mut Slot) -> BTreeMap<Outcome, u64> {
    let mut outcomes = std::mem::take(&mut slot.other);
    if slot.ok > 0 {
        outcomes.insert(Outcome::Success, slot.ok);
    }
    for (ended, calls) in &slot.quick {
        if let Some(outcome) = ended.outcome() {
            let count = outcomes.entry(outcome).or_default();
            *count = count.saturating_add(*calls);
        }
    }
    let known = outcomes
        .values()
        .fold(0, |sum: u64, n| sum.saturating_add(*n));
    if let Some(unknown) = slot.calls.checked_sub(known).filter(|n| *n > 0) {
        *outcomes.entry(Outcome::Unknown).or_default() += unknown;
    }
    outcomes
}

fn arguments(
    arch: Arch,
    name: &str,
    printed: &BTreeMap<u8, PrintedValues>,
) -> BTreeMap<u8, ArgFacts> {
    let kinds = closed_set_arguments(arch, name);
    let mut facts = BTreeMap::new();
    for (position, values) in printed {
        // The reader keyed the values by the position on x86_64; clone's is another on s390.
        let kind = kinds
            .iter()
            .find(|(index, _)| name == "clone" || index == position);
        let Some((index, kind)) = kind else { continue };
        let mut fact = ArgFacts {
            unseen: values.unseen,
            overflow: values.overflow,
            ..ArgFacts::default()
        };
        for (text, count) in &values.values {
            let text = String::from_utf8_lossy(text);
            let value = match symbol_value(*kind, &text) {
                Some(number) => ArgValue::Number(number),
                None => ArgValue::Text(text.chars().flat_map(char::escape_debug).collect()),
            };
            fact.add(value, *count);
        }
        facts.insert(*index, fact);
    }
    facts
}

/// The 64-bit architecture whose kernels run programs of `arch`, or `arch` itself.
pub(super) fn native_of(arch: Arch) -> Arch {
    arch.natives()
        .find(|native| native.is_64_bit())
        .unwrap_or(arch)
}

/// The architecture of a whole log, as far as it is told.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// What images of the log are, by what they did themselves.
    pub(super) known: BTreeSet<Arch>,
}

impl Verdict {
    /// The native architecture of the machine, if all that is known agrees on one. The kernel of
    /// a 32-bit program is taken to be the 64-bit one of its family: hardly any other is left, and
    /// the profile then lists both.
    pub(super) fn native(&self) -> Option<Arch> {
        let mut natives: BTreeSet<Arch> = self.known.iter().map(|arch| native_of(*arch)).collect();
        let native = natives.pop_first()?;
        natives.is_empty().then_some(native)
    }

    /// The only architecture known.
    pub(super) fn only(&self) -> Option<Arch> {
        let mut known = self.known.iter();
        known.next().copied().filter(|_| known.next().is_none())
    }
}
