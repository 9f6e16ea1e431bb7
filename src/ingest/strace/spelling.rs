//! The ways in which calls are written in a log, each met many times and kept once.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::body::Name;
use crate::arch::Arch;
use crate::event::CallId;
use crate::syscalls::{ArgKind, SyscallName, canonical, closed_set_arguments, multiplexer, table};

/// The number of a spelling in [`Spellings`].
pub(super) type SpellingId = u32;

/// A set of architectures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ArchSet(u32);

impl ArchSet {
    /// Every architecture.
    pub(super) const ALL: Self = Self((1 << Arch::ALL.len()) - 1);

    /// Those that set the thread pointer by `arch_prctl(ARCH_SET_FS, …)`.
    pub(super) fn with_set_fs() -> Self {
        Self::of(|arch| matches!(arch, Arch::X86_64 | Arch::X32))
    }

    /// Those whose kernels run programs of another mode besides.
    pub(super) fn with_modes() -> Self {
        Self::of(|arch| arch.is_64_bit() && !arch.sub_architectures().is_empty())
    }

    fn of(holds: impl Fn(Arch) -> bool) -> Self {
        Self(
            Arch::ALL
                .into_iter()
                .enumerate()
                .fold(
                    0,
                    |set, (at, arch)| {
                        if holds(arch) { set | (1 << at) } else { set }
                    },
                ),
        )
    }

    /// The architectures of both.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is none.
    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The architectures.
    pub(super) fn iter(self) -> impl Iterator<Item = Arch> {
        Arch::ALL
            .into_iter()
            .enumerate()
            .filter(move |(at, _)| self.0 & (1 << at) != 0)
            .map(|(_, a)| a)
    }

    /// Whether `arch` is one of them.
    pub(super) fn contains(self, arch: Arch) -> bool {
        self.iter().any(|a| a == arch)
    }
}

/// One way in which a call is written.
#[derive(Debug)]
pub(super) struct Spelling {
    /// The name, or `None` where only the number was printed.
    pub(super) name: Option<Box<str>>,
    /// The number, from `-n` or since it has no name.
    pub(super) number: Option<u32>,
    /// The architectures on which a call can be written so.
    pub(super) arches: ArchSet,
    /// What the reader does with such a call besides counting it.
    pub(super) role: Role,
    /// The arguments worth keeping, by position.
    pub(super) args: &'static [(u8, ArgKind)],
    /// Its arguments are printed by name, so that their position tells nothing.
    pub(super) names_arguments: bool,
    /// What was looked up for the architecture that was asked for first, mostly the only one.
    looked_up: OnceCell<(Arch, [Option<&'static str>; 2])>,
}

/// What a call does to the processes in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Role {
    /// Starts a program.
    Exec,
    /// Makes a process or thread; returns its number.
    Fork,
    /// May show the header of an ELF file.
    Read,
    /// Ends the caller.
    Exit,
    /// Maps memory, as every real program does.
    Memory,
    /// Sets the thread pointer, which only 64-bit kernels of x86 do this way.
    ArchPrctl,
    /// Nothing the reader looks at.
    #[default]
    Other,
}

impl Role {
    /// What a call of this name does.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "execve" | "execveat" => Self::Exec,
            "clone" | "clone2" | "clone3" | "fork" | "vfork" => Self::Fork,
            "read" | "pread" | "pread64" => Self::Read,
            "exit" | "exit_group" | "_exit" => Self::Exit,
            "brk" | "mmap" | "mmap2" | "old_mmap" | "munmap" | "mprotect" => Self::Memory,
            "arch_prctl" => Self::ArchPrctl,
            _ => Self::Other,
        }
    }
}

/// Every spelling met.
#[derive(Debug)]
pub(super) struct Spellings {
    /// By name, of those without a number.
    named: BTreeMap<Box<str>, SpellingId>,
    /// By number and name.
    numbered: BTreeMap<u32, BTreeMap<Box<str>, SpellingId>>,
    all: Vec<Spelling>,
    /// What was found lately, by [`cell`]. Each call of a log looks for its spelling, and mostly
    /// one comparison tells it.
    recent: [SpellingId; RECENT],
}

/// Spellings remembered.
const RECENT: usize = 256;

/// Where a spelling is remembered. Which ones meet there matters for speed alone.
fn cell(text: &[u8], number: Option<u32>) -> usize {
    let at = |at: usize| text.get(at).copied().map_or(0, usize::from);
    let number = usize::try_from(number.unwrap_or_default()).unwrap_or_default();
    let len = text.len();
    let mixed = at(0) + 3 * at(len / 2) + 5 * at(len.saturating_sub(1)) + 7 * len + 11 * number;
    mixed % RECENT
}

impl Default for Spellings {
    fn default() -> Self {
        Self {
            named: BTreeMap::new(),
            numbered: BTreeMap::new(),
            all: Vec::new(),
            recent: [0; RECENT],
        }
    }
}

/// More spellings than this are not kept: a bound against a log of made-up names. All tables
/// together have some 700 names; with `-n` each may come with a few numbers.
const MAX_SPELLINGS: usize = 20_000;

impl Spellings {
    /// The spelling of a call, or `None` if it can't be told (`???` without a number) or there
    /// are too many.
    pub(super) fn intern(&mut self, name: Name<'_>, number: Option<u32>) -> Option<SpellingId> {
        let (text, number) = match name {
            Name::Named(text) => (text, number),
            Name::Numbered(number) => (&b""[..], Some(number)),
            Name::Hidden => (&b""[..], Some(number?)),
        };
        let cell = cell(text, number);
        if let Some(&recent) = self.recent.get(cell)
            && self.get(recent).is_some_and(|spelling| {
                spelling.number == number
                    && spelling.name.as_deref().unwrap_or_default().as_bytes() == text
            })
        {
            return Some(recent);
        }
        let id = self.find_or_add(std::str::from_utf8(text).ok()?, number)?;
        if let Some(recent) = self.recent.get_mut(cell) {
            *recent = id;
        }
        Some(id)
    }

    fn find_or_add(&mut self, text: &str, number: Option<u32>) -> Option<SpellingId> {
        let known = match number {
            None => self.named.get(text),
            Some(number) => self.numbered.get(&number).and_then(|names| names.get(text)),
        };
        if let Some(id) = known {
            return Some(*id);
        }
        if self.all.len() >= MAX_SPELLINGS {
            return None;
        }
        let id = SpellingId::try_from(self.all.len()).ok()?;
        match number {
            None => self.named.insert(text.into(), id),
            Some(number) => self
                .numbered
                .entry(number)
                .or_default()
                .insert(text.into(), id),
        };
        self.all.push(Spelling::new(text, number));
        Some(id)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether a name without a number was met.
    pub(super) fn has_named(&self, name: &str) -> bool {
        self.named.contains_key(name)
    }

    /// The spelling with this number.
    pub(super) fn get(&self, id: SpellingId) -> Option<&Spelling> {
        self.all.get(usize::try_from(id).ok()?)
    }
}

impl Spelling {
    fn new(text: &str, number: Option<u32>) -> Self {
        let arches = match number {
            Some(number) => ArchSet::of(|arch| table_name(arch, text, number).is_some()),
            None => ArchSet::of(|arch| {
                canonical(arch, text).is_some() || multiplexer(arch, text).is_some()
            }),
        };
        Self {
            name: (!text.is_empty()).then(|| Box::from(text)),
            number,
            arches,
            role: Role::of(text),
            args: closed_set_arguments(Arch::X86_64, text),
            // strace prints clone's flags by name, wherever they stand.
            names_arguments: text == "clone",
            looked_up: OnceCell::new(),
        }
    }

    /// The names of the calls of `arch` that it may stand for.
    fn names(&self, arch: Arch) -> [Option<&'static str>; 2] {
        let text = self.name.as_deref().unwrap_or_default();
        let look_up = || [multiplexer(arch, text), canonical(arch, text)];
        let (first, names) = self.looked_up.get_or_init(|| (arch, look_up()));
        if *first == arch { *names } else { look_up() }
    }

    /// The calls that the kernel of `arch` may have seen, and the architecture they were made
    /// with, which differs from `arch` where the number belongs to another mode of its family.
    /// More than one where strace prints a sub-call by its own name and does not say whether it
    /// went through the multiplexer.
    pub(super) fn calls(&self, arch: Arch) -> Vec<(Arch, CallId)> {
        let text = self.name.as_deref().unwrap_or_default();
        if let Some(number) = self.number {
            let family = std::iter::once(arch).chain(family(arch));
            for member in family {
                if let Some(name) = table_name(member, text, number) {
                    return vec![(member, CallId::Name(SyscallName::known(name)))];
                }
            }
            if text.is_empty() {
                // libseccomp too leaves -1, a tracer's "skip this call", to x86_64.
                let x32 = number & crate::arch::X32_BIT != 0 && number != u32::MAX;
                let arch = if arch == Arch::X86_64 && x32 {
                    Arch::X32
                } else {
                    arch
                };
                return vec![(arch, CallId::Number(number))];
            }
        }
        let mut calls = Vec::new();
        for name in self.names(arch).into_iter().flatten() {
            calls.push((arch, CallId::Name(SyscallName::known(name))));
        }
        if calls.is_empty()
            && let Ok(name) = SyscallName::new(text)
        {
            calls.push((arch, CallId::Name(name)));
        }
        calls
    }
}

/// The table's name of `number`, if a call of that number can be written as `text`.
fn table_name(arch: Arch, text: &str, number: u32) -> Option<&'static str> {
    let name = table(arch).name(number)?;
    let fits = text.is_empty()
        || canonical(arch, text) == Some(name)
        || multiplexer(arch, text) == Some(name);
    fits.then_some(name)
}

/// The other modes of the kernels that run `arch`.
fn family(arch: Arch) -> impl Iterator<Item = Arch> {
    arch.natives()
        .flat_map(|native| {
            std::iter::once(native).chain(native.sub_architectures().iter().copied())
        })
        .filter(move |member| *member != arch)
}
