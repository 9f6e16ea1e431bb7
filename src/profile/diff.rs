//! Two profiles compared by what they answer, not by how they are written.
//!
//! The question is how far a call gets ([`Action::reach`]): refused, delegated to another process,
//! or permitted. The new profile is wider if some call with some argument values gets farther than
//! in the old one, narrower if some gets less far; one call can be both, for different argument
//! values. That a call is refused or permitted in another way (ENOSYS instead of EPERM, a kill
//! instead of an error, logged instead of allowed) is reported apart, as changed, and has no part
//! in the [`Relation`].
//!
//! The comparison is exact over all 64-bit argument values; see [`super::decision`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::LazyLock;

use super::compare::{Comparer, Side, Sides};
use super::engine::View;
use super::eval::Meaning;
use super::policy::{Policy, PolicyError};
use super::{Action, Profile};
use crate::arch::{Arch, X32_BIT};
use crate::syscalls::{SyscallName, table};

pub use super::answer::{Answer, Conditional};

/// What differs between two profiles. Lists are sorted by architecture, then by call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// How what is permitted by the new profile stands to what is by the old.
    pub relation: Relation,
    /// The architectures that either filter is made for.
    pub arches: BTreeMap<Arch, ArchSummary>,
    /// Calls that get farther in the new profile.
    pub wider: Vec<Change>,
    /// Calls that get less far in the new profile.
    pub narrower: Vec<Change>,
    /// Calls that get as far, but are answered in another way for some argument values. A call
    /// in `wider` or `narrower` is not repeated here.
    pub changed: Vec<Change>,
    /// Names in either profile which no architecture has; engines ignore them.
    pub unknown_names: BTreeSet<SyscallName>,
}

/// One architecture of a [`Difference`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchSummary {
    /// Which filters are made for it.
    pub listed: Listed,
    /// Calls that both permit, for at least some argument values, and answer the same for all.
    pub unchanged: usize,
    /// Calls that the old profile permits for at least some argument values.
    pub old_permitted: usize,
    /// Calls that the new profile permits for at least some argument values.
    pub new_permitted: usize,
}

/// Which filters are made for an architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// Both.
    Both,
    /// The old one alone.
    OldOnly,
    /// The new one alone.
    NewOnly,
}

/// How the new profile stands to the old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Every call gets as far in both; how it is refused may differ.
    Equal,
    /// Some calls get less far, none farther.
    Narrower,
    /// Some calls get farther, none less far.
    Wider,
    /// Some calls get farther, others less far.
    Incomparable,
}

/// A call that is not answered alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The architecture.
    pub arch: Arch,
    /// The call.
    pub call: CallId,
    /// What the old profile answers.
    pub old: Answer,
    /// What the new profile answers.
    pub new: Answer,
    /// How much of the call it is.
    pub extent: Extent,
    /// Whether neither profile has a rule about the call, so that it follows from the default
    /// actions alone.
    pub by_default: bool,
    /// Arguments that show the difference; `None` where any do.
    pub witness: Option<Witness>,
    /// What decides in the old profile, with the arguments of the witness; see
    /// [`Policy::because`].
    pub old_because: Vec<String>,
    /// What decides in the new profile.
    pub new_because: Vec<String>,
}

/// What a [`Change`] is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallId {
    /// The call of this name.
    Name(SyscallName),
    /// Every number that the architecture's table has no name for; but for those of `AnyFrom`.
    AnyOther,
    /// Every such number that is this one or larger.
    AnyFrom(u32),
    /// All calls of an architecture that only one filter is made for.
    WholeArchitecture,
}

/// How much of a call a [`Change`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// In one profile no argument values let it get as far as the other does at its farthest:
    /// it is newly reachable, or no longer.
    Whole,
    /// At its farthest it gets as far in both, but not for the same argument values.
    ByArgument,
}

/// Arguments of a call and what they get; the smallest that show the difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Witness {
    /// The arguments; those that do not matter are 0.
    pub args: [u64; 6],
    /// What the old profile answers to them.
    pub old: Action,
    /// What the new profile answers to them.
    pub new: Action,
}

/// Why two profiles can't be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiffError {
    /// The conditions need more than [`super::decision::MAX_NODES`] or
    /// [`super::decision::MAX_STEPS`].
    #[error("the conditions on arguments of `{call}` on {arch} are too complex to be compared")]
    TooComplex {
        /// The architecture.
        arch: Arch,
        /// The call at which the bound was reached.
        call: SyscallName,
    },
    /// One of the two is no filter.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

impl Difference {
    /// What differs between `old` and `new` to an engine.
    ///
    /// # Errors
    ///
    /// [`DiffError`] if the conditions on arguments take too long to be compared, or one of the
    /// two can't be loaded.
    pub fn between(old: &Profile, new: &Profile, view: &View) -> Result<Self, DiffError> {
        let names = unknown_names([old, new]);
        let difference = Self::of(&Meaning::new(old, view), &Meaning::new(new, view))?;
        Ok(Self {
            unknown_names: names,
            ..difference
        })
    }

    /// No difference between filters for no architecture.
    pub(super) const fn none() -> Self {
        Self {
            relation: Relation::Equal,
            arches: BTreeMap::new(),
            wider: Vec::new(),
            narrower: Vec::new(),
            changed: Vec::new(),
            unknown_names: BTreeSet::new(),
        }
    }

    /// What differs between two filters or stacks of them. Names are not looked at.
    ///
    /// # Errors
    ///
    /// Like [`Self::between`].
    pub fn of(old: &dyn Policy, new: &dyn Policy) -> Result<Self, DiffError> {
        let mut difference = Self::none();
        let mut comparer = Comparer::new(old, new);
        for arch in Arch::ALL {
            let listed = match (old.lists(arch), new.lists(arch)) {
                (true, false) => Listed::OldOnly,
                (false, true) => Listed::NewOnly,
                (true, true) => Listed::Both,
                (false, false) => continue,
            };
            difference.add(arch, listed, &bounds(arch, old, new), &mut comparer)?;
        }
        difference.relation = match (difference.narrower.is_empty(), difference.wider.is_empty()) {
            (true, true) => Relation::Equal,
            (false, true) => Relation::Narrower,
            (true, false) => Relation::Wider,
            (false, false) => Relation::Incomparable,
        };
        Ok(difference)
    }

    /// What a call gets, in short.
    ///
    /// # Errors
    ///
    /// [`DiffError`] if it can't be told.
    pub fn answer(policy: &dyn Policy, arch: Arch, number: u32) -> Result<Answer, DiffError> {
        if !policy.lists(arch) {
            return Ok(Answer::NotListed);
        }
        let sides = Comparer::new(policy, policy).sides(arch, number)?;
        Ok(sides.old.answer)
    }

    /// Calls in all architectures that both permit, for at least some argument values, and answer
    /// the same for all.
    pub fn unchanged(&self) -> usize {
        self.arches.values().map(|arch| arch.unchanged).sum()
    }

    /// Whether both answer the same to everything.
    pub fn is_identical(&self) -> bool {
        self.wider.is_empty() && self.narrower.is_empty() && self.changed.is_empty()
    }

    fn add(
        &mut self,
        arch: Arch,
        listed: Listed,
        unnamed: &[(CallId, u32)],
        comparer: &mut Comparer<'_>,
    ) -> Result<(), DiffError> {
        let mut calls = Vec::new();
        for (name, number) in table(arch).iter() {
            calls.push((name, number, comparer.sides(arch, number)?));
        }
        let mut others = Vec::new();
        for (call, number) in unnamed {
            let sides = comparer.sides(arch, *number)?;
            // Bounds may be of named calls: what is answered alike is told once.
            let is_new = others.last().is_none_or(|(_, _, last): &(_, _, Sides)| {
                last.old.answer != sides.old.answer || last.new.answer != sides.new.answer
            });
            if is_new {
                others.push((call, *number, sides));
            }
        }
        let count =
            |counts: fn(&Sides) -> bool| calls.iter().filter(|(_, _, sides)| counts(sides)).count();
        let summary = ArchSummary {
            listed,
            unchanged: count(|sides| sides.are_same() && sides.old.permits()),
            old_permitted: count(|sides| sides.old.permits()),
            new_permitted: count(|sides| sides.new.permits()),
        };
        self.arches.insert(arch, summary);
        if listed == Listed::Both {
            for (name, number, sides) in &calls {
                let call = CallId::Name(SyscallName::known(name));
                self.list((arch, *number), &call, sides, comparer);
            }
            for (call, number, sides) in &others {
                self.list((arch, *number), call, sides, comparer);
            }
            return Ok(());
        }
        let is_new = listed == Listed::NewOnly;
        let one = |sides: &Sides| {
            if is_new {
                sides.new.clone()
            } else {
                sides.old.clone()
            }
        };
        let named: Vec<Side> = calls.iter().map(|(_, _, sides)| one(sides)).collect();
        let others: Vec<Side> = others.iter().map(|(_, _, sides)| one(sides)).collect();
        let whole = Sides::of_whole(Side::whole(&named, &others), is_new);
        let number = arch.first_number();
        self.list((arch, number), &CallId::WholeArchitecture, &whole, comparer);
        Ok(())
    }

    /// Puts a call where it belongs; nowhere if both answer it alike.
    fn list(
        &mut self,
        (arch, number): (Arch, u32),
        call: &CallId,
        sides: &Sides,
        comparer: &Comparer<'_>,
    ) {
        let because = |witness: Option<Witness>, policy: &dyn Policy| {
            if *call == CallId::WholeArchitecture && policy.lists(arch) {
                return Vec::new();
            }
            let args = witness.map_or([0; 6], |witness| witness.args);
            policy.because(arch, number, &args)
        };
        let change = |witness, extent| Change {
            old_because: because(witness, comparer.old),
            new_because: because(witness, comparer.new),
            arch,
            call: call.clone(),
            old: sides.old.answer.clone(),
            new: sides.new.answer.clone(),
            extent,
            by_default: sides.by_default,
            witness,
        };
        let extent = |less: &Side, more: &Side| {
            if less.farthest() < more.farthest() {
                Extent::Whole
            } else {
                Extent::ByArgument
            }
        };
        if let Some(found) = sides.wider {
            self.wider
                .push(change(found.witness(), extent(&sides.old, &sides.new)));
        }
        if let Some(found) = sides.narrower {
            self.narrower
                .push(change(found.witness(), extent(&sides.new, &sides.old)));
        }
        if sides.wider.is_none()
            && sides.narrower.is_none()
            && let Some(found) = sides.changed
        {
            let extent = if found.witness().is_none() {
                Extent::Whole
            } else {
                Extent::ByArgument
            };
            self.changed.push(change(found.witness(), extent));
        }
    }
}

/// The numbers without a name, by how they are answered: the smallest of each kind.
fn bounds(arch: Arch, old: &dyn Policy, new: &dyn Policy) -> Vec<(CallId, u32)> {
    let starts: BTreeSet<u32> = [arch.first_number()]
        .into_iter()
        .chain(old.bounds(arch))
        .chain(new.bounds(arch))
        .collect();
    let table = table(arch);
    let mut ends = starts.iter().skip(1).copied();
    let mut unnamed = Vec::new();
    for start in starts.iter().copied() {
        let end = ends.next().unwrap_or(u32::MAX);
        if let Some(number) = table.unnamed(start..end) {
            let call = if start == arch.first_number() {
                CallId::AnyOther
            } else {
                CallId::AnyFrom(start)
            };
            unnamed.push((call, number));
        }
    }
    unnamed
}

fn unknown_names(profiles: [&Profile; 2]) -> BTreeSet<SyscallName> {
    static KNOWN: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
        Arch::ALL
            .into_iter()
            .flat_map(|arch| table(arch).iter().map(|(name, _)| name))
            .collect()
    });
    profiles
        .into_iter()
        .flat_map(|profile| &profile.rules)
        .flat_map(|rule| &rule.names)
        .filter(|name| !KNOWN.contains(name.as_str()))
        .cloned()
        .collect()
}

/// `keyctl`, `any other call`, `all calls`.
impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::AnyOther => f.pad("any other call"),
            Self::AnyFrom(number) => f.pad(&format!("any other from {}", number & !X32_BIT)),
            Self::WholeArchitecture => f.pad("all calls"),
        }
    }
}
