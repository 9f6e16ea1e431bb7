//! What a profile answers to a call, as the filter does that an engine makes of it.
//!
//! runc (`libcontainer/seccomp/seccomp_linux.go`) and crun (src/libcrun/seccomp.c) hand the rules
//! to libseccomp in the order of the file; youki does the same. What is said here of libseccomp is
//! so in the filters that version 2.5.4 makes:
//!
//! * The engine's own architecture always belongs to the filter, listed or not. A call of any
//!   other that is not listed kills the thread (`SCMP_FLTATR_ACT_BADARCH`, which no engine sets).
//! * Engines leave out a rule whose action, with its number, is the default one, and a name that
//!   their libseccomp does not have.
//! * The first rule of a call without conditions decides alone, also over conditional rules
//!   before and after it.
//! * Other rules are merged by [`super::chains`], which is not always what they say.
//! * Where an architecture has 32-bit words in libseccomp's eyes (x32 and n32 too), conditions see
//!   the low 32 bits of arguments, values and masks, and no more.
//! * `SCMP_CMP_MASKED_EQ` does not look at bits of the expected value outside the mask.
//! * A rule for a socket or System V IPC call also makes one for `socketcall` or `ipc` where the
//!   architecture has these: argument 0 is the number of the sub-call, and takes the place of a
//!   condition on argument 0; conditions on other arguments stay.
//!
//! Before the filter runc asks whether the number is larger than any that the profile names, and
//! then answers ENOSYS; see [`super::engine::EnosysStub`]. On s390 and s390x it answers ENOSYS to
//! number 0 too, which no call has; that is left out here.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::action::ENOSYS;
use super::assembled::Assembled;
use super::engine::{Engine, EnosysStub, View};
use super::policy::{Call, LoadError, Policy, PolicyError};
use super::{Action, Condition, Profile, Rule};
use crate::arch::Arch;
use crate::syscalls::table;

pub use super::call_rules::{CallRules, Case};
pub use super::policy::NOT_LISTED;

/// What `profile` answers to one call on an engine.
///
/// A shorthand for one question; [`Meaning`] is for many.
///
/// # Errors
///
/// [`PolicyError`] if the filter can't be made.
pub fn answer(
    profile: &Profile,
    view: &View,
    arch: Arch,
    name: &str,
    args: &[u64; 6],
) -> Result<Action, PolicyError> {
    Meaning::new(profile, view).answer(arch, name, args)
}

/// The one architecture whose kernels run everything that `profile` lists, preferably a listed
/// one: the likely host. `None` if nothing is listed or the list does not tell.
pub fn likely_native(profile: &Profile) -> Option<Arch> {
    let runs_all = |native: &Arch| {
        profile
            .architectures
            .iter()
            .all(|arch| arch.natives().any(|n| n == *native))
    };
    let mut listed = profile.architectures.iter().copied().filter(runs_all);
    match listed.next() {
        Some(first) => listed.all(|other| other == first).then_some(first),
        None if profile.architectures.is_empty() => None,
        None => {
            let mut hosts = Arch::ALL.into_iter().filter(runs_all);
            let first = hosts.next()?;
            hosts.next().is_none().then_some(first)
        }
    }
}

/// A profile as one engine loads it, indexed for questions.
#[derive(Debug)]
pub struct Meaning<'p> {
    pub(super) default_action: Action,
    pub(super) arches: BTreeSet<Arch>,
    /// The rules that an engine passes on.
    rules: Vec<(&'p Rule, Vec<Vec<Condition>>)>,
    /// Where each of them is in the profile.
    places: Vec<usize>,
    /// For each name, where rules name it: position in `rules`, then in the names of the rule.
    pub(super) by_name: BTreeMap<&'p str, Vec<(usize, usize)>>,
    /// The largest number that the profile names, for architectures where the runtime answers
    /// ENOSYS to larger ones.
    last: BTreeMap<Arch, u32>,
    /// The architectures in the order in which an engine adds them.
    pub(super) order: Vec<Arch>,
    view: View,
    /// What follows from all rules together, made when it is first asked for.
    assembled: OnceCell<Result<Assembled, PolicyError>>,
}

/// Which rules decide on a call; equal keys of one [`Meaning`] mean equal answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CallKey {
    /// Every call gets this.
    Always(Action),
    /// The rules say.
    Rules {
        /// Whether conditions see 32 bits only.
        low_word: bool,
        /// Rules in the order in which an engine adds them, each with the sub-call it is for.
        parts: Vec<(usize, Option<u8>)>,
    },
}

impl<'p> Meaning<'p> {
    /// The meaning of `profile` to an engine.
    pub fn new(profile: &'p Profile, view: &View) -> Self {
        let arches: BTreeSet<Arch> = profile
            .architectures
            .iter()
            .copied()
            .chain([view.native])
            .collect();
        let mut rules = Vec::new();
        let mut by_name: BTreeMap<&'p str, Vec<(usize, usize)>> = BTreeMap::new();
        let mut places = Vec::new();
        for (place, rule) in profile.rules.iter().enumerate() {
            if rule.action == profile.default_action {
                continue;
            }
            for (at, name) in rule.names.iter().enumerate() {
                if view.libseccomp.knows(name.as_str()) {
                    by_name
                        .entry(name.as_str())
                        .or_default()
                        .push((rules.len(), at));
                }
            }
            places.push(place);
            rules.push((rule, rule.alternatives(view.engine.conditions_read())));
        }
        Self {
            default_action: profile.default_action,
            last: stub(profile, *view, &arches),
            order: std::iter::once(view.native)
                .chain(profile.architectures.iter().copied())
                .collect(),
            arches,
            rules,
            places,
            by_name,
            view: *view,
            assembled: OnceCell::new(),
        }
    }

    /// The architectures the filter is made for: those listed and the engine's own.
    pub const fn architectures(&self) -> &BTreeSet<Arch> {
        &self.arches
    }

    /// What a call gets that no rule is about, on an architecture the filter is made for and below
    /// [`Self::enosys_from`].
    pub const fn default_action(&self) -> Action {
        self.default_action
    }

    /// The number from which on the runtime answers ENOSYS, if it does.
    pub fn enosys_from(&self, arch: Arch) -> Option<u32> {
        self.last.get(&arch).map(|last| last.saturating_add(1))
    }

    /// What the call `name` gets with these arguments. If the architecture has no such call, what
    /// it would get with a number that no rule is about.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if the filter can't be made.
    pub fn answer(&self, arch: Arch, name: &str, args: &[u64; 6]) -> Result<Action, PolicyError> {
        match table(arch).number(name) {
            Some(number) => self.answer_number(arch, number, args),
            None if self.arches.contains(&arch) => Ok(self.default_action),
            None => Ok(NOT_LISTED),
        }
    }

    /// What the call of this number gets with these arguments.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if the filter can't be made.
    pub fn answer_number(
        &self,
        arch: Arch,
        number: u32,
        args: &[u64; 6],
    ) -> Result<Action, PolicyError> {
        Ok(self.call(arch, number)?.flow.answer(args))
    }

    /// Whether engine and libseccomp take it, as far as that does not depend on single calls.
    pub(super) fn check_loads(&self) -> Result<(), LoadError> {
        /// `MAX_ERRNO` of libseccomp's src/db.c, less one.
        const LARGEST_ERRNO: u16 = 4094;
        let engine = self.view.engine;
        let little = |arch: &Arch| arch.is_little_endian();
        if self.arches.iter().any(little) && !self.arches.iter().all(little) {
            return Err(LoadError::Endian);
        }
        let is_old_runc = engine == Engine::Docker20;
        let unknown = |arch: &&Arch| {
            !self.view.libseccomp.has(**arch)
                || (is_old_runc && matches!(**arch, Arch::Riscv64 | Arch::Loongarch64))
        };
        if let Some(arch) = self.arches.iter().find(unknown) {
            return Err(LoadError::Arch {
                arch: *arch,
                engine,
            });
        }
        let is_runc = engine.enosys_stub() != EnosysStub::Never;
        let notifies_write = self.rules.iter().any(|(rule, _)| {
            rule.action == Action::Notify && rule.names.iter().any(|it| it.as_str() == "write")
        });
        if is_runc && (self.default_action == Action::Notify || notifies_write) {
            return Err(LoadError::Notify { engine });
        }
        let actions = self.rules.iter().map(|(rule, _)| rule.action);
        for action in actions.chain([self.default_action]) {
            if let Action::Errno(number) = action
                && number > LARGEST_ERRNO
            {
                return Err(LoadError::Errno { number });
            }
        }
        Ok(())
    }

    /// The rules about `name` on `arch`, as they are written.
    pub fn written(&self, arch: Arch, name: &str) -> CallRules {
        self.rules_of(&self.key(arch, table(arch).number(name), name))
    }

    /// Whether a rule is about `name` on `arch`; one that an engine leaves out is not.
    pub fn names(&self, arch: Arch, name: &str) -> bool {
        self.arches.contains(&arch)
            && (self.by_name.contains_key(name)
                || sub_calls(arch, name)
                    .iter()
                    .any(|(sub_call, _)| self.by_name.contains_key(sub_call)))
    }

    pub(super) fn key(&self, arch: Arch, number: Option<u32>, name: &str) -> CallKey {
        if let Some(action) = self.before_rules(arch, number) {
            return CallKey::Always(action);
        }
        let mut parts = self.parts(arch, name);
        let unconditional = |&(rule, _, sub_call): &(usize, usize, Option<u8>)| {
            sub_call.is_none()
                && self
                    .rules
                    .get(rule)
                    .is_some_and(|(rule, _)| rule.conditions.is_empty())
        };
        // What comes after the first rule without conditions is of no effect.
        if let Some(end) = parts.iter().position(unconditional) {
            parts.truncate(end + 1);
        }
        match parts.first() {
            None => CallKey::Always(self.default_action),
            Some(first) if unconditional(first) => CallKey::Always(
                self.rules
                    .get(first.0)
                    .map_or(self.default_action, |(rule, _)| rule.action),
            ),
            Some(_) => CallKey::Rules {
                low_word: has_low_word_only(arch),
                parts: parts
                    .into_iter()
                    .map(|(rule, _, sub_call)| (rule, sub_call))
                    .collect(),
            },
        }
    }

    /// The rules about a call in the order in which an engine adds them: which rule, which of its
    /// names, which sub-call.
    fn parts(&self, arch: Arch, name: &str) -> Vec<(usize, usize, Option<u8>)> {
        let of = |name: &str| self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let own = of(name).iter().map(|&(rule, at)| (rule, at, None));
        let mut parts: Vec<_> = own.collect();
        for (sub_call, number) in sub_calls(arch, name) {
            let sub_parts = of(sub_call).iter();
            parts.extend(sub_parts.map(|&(rule, at)| (rule, at, Some(*number))));
        }
        parts.sort_unstable();
        parts
    }

    /// What a call gets whatever the rules say: of an architecture that is not listed, or with a
    /// number that the runtime answers itself.
    fn before_rules(&self, arch: Arch, number: Option<u32>) -> Option<Action> {
        if !self.arches.contains(&arch) {
            return Some(NOT_LISTED);
        }
        let above =
            number.is_some_and(|number| self.last.get(&arch).is_some_and(|it| number > *it));
        above.then_some(Action::Errno(ENOSYS))
    }

    /// The conjunctions of the rules, in the order in which they are added.
    pub(super) fn conjunctions<'s>(
        &'s self,
        parts: &'s [(usize, Option<u8>)],
    ) -> impl Iterator<Item = (&'s [Condition], Option<u8>, Action)> {
        parts.iter().flat_map(move |&(at, sub_call)| {
            let rule = self.rules.get(at);
            rule.into_iter().flat_map(move |(rule, alternatives)| {
                alternatives
                    .iter()
                    .map(move |conditions| (conditions.as_slice(), sub_call, rule.action))
            })
        })
    }

    pub(super) fn rules_of(&self, key: &CallKey) -> CallRules {
        match key {
            CallKey::Always(action) => CallRules::always(*action),
            CallKey::Rules { low_word, parts } => CallRules::normal(
                *low_word,
                self.conjunctions(parts).collect(),
                self.default_action,
            ),
        }
    }
}

impl Policy for Meaning<'_> {
    fn lists(&self, arch: Arch) -> bool {
        self.arches.contains(&arch)
    }

    fn call(&self, arch: Arch, number: u32) -> Result<Arc<Call>, PolicyError> {
        let assembled = self
            .assembled
            .get_or_init(|| Assembled::new(self))
            .as_ref()
            .map_err(PolicyError::clone)?;
        if let Some(action) = self.before_rules(arch, Some(number)) {
            return Ok(Arc::new(Call::always(action)));
        }
        if assembled.numberless.contains(&arch) {
            return Ok(Arc::new(Call::always(self.default_action)));
        }
        let name = table(arch).name(number).unwrap_or_default();
        match self.key(arch, Some(number), name) {
            CallKey::Always(action) => Ok(Arc::new(Call::always(action))),
            CallKey::Rules { .. } => assembled
                .calls
                .get(&(arch, number))
                .cloned()
                .ok_or_else(|| PolicyError::absent(arch, number)),
        }
    }

    fn bounds(&self, arch: Arch) -> Vec<u32> {
        self.enosys_from(arch).into_iter().collect()
    }

    fn speaks_of(&self, arch: Arch, number: u32) -> bool {
        table(arch)
            .name(number)
            .is_some_and(|name| self.names(arch, name))
    }

    /// Rules by their position in the profile, from 1 on, as far as they are written to match.
    fn because(&self, arch: Arch, number: u32, args: &[u64; 6]) -> Vec<String> {
        if !self.lists(arch) {
            return vec![format!("{arch} is not listed")];
        }
        if self.enosys_from(arch).is_some_and(|first| number >= first) {
            return vec!["larger than any number that the profile names".to_owned()];
        }
        let name = table(arch).name(number).unwrap_or_default();
        let low_word = has_low_word_only(arch);
        let matching = self
            .parts(arch, name)
            .into_iter()
            .filter_map(|(at, _, sub_call)| {
                let (rule, alternatives) = self.rules.get(at)?;
                let matches = alternatives.iter().any(|conditions| {
                    let alone = vec![(conditions.as_slice(), sub_call, Action::Allow)];
                    CallRules::normal(low_word, alone, Action::KillThread).answer(args)
                        == Action::Allow
                });
                let place = self.places.get(at).copied().unwrap_or_default() + 1;
                let conditions: Vec<String> =
                    rule.conditions.iter().map(ToString::to_string).collect();
                let when = if conditions.is_empty() {
                    String::new()
                } else if alternatives.len() > 1 {
                    format!(" if {}", conditions.join(" or "))
                } else {
                    format!(" if {}", conditions.join(" and "))
                };
                matches.then(|| format!("rule {place}: {}{when}", rule.action))
            });
        let mut all: Vec<String> = matching.collect();
        if all.is_empty() {
            all.push(format!("default action: {}", self.default_action));
        }
        all
    }
}

/// The largest number that a profile names on each architecture for which the runtime answers
/// ENOSYS to larger ones. Every name counts, also of rules that are left out; but for the calls
/// that a multiplexer has too, which libseccomp numbers below zero there.
fn stub(profile: &Profile, view: View, arches: &BTreeSet<Arch>) -> BTreeMap<Arch, u32> {
    if !matches!(
        profile.default_action,
        Action::KillProcess | Action::KillThread | Action::Trap | Action::Errno(_) | Action::Notify
    ) {
        return BTreeMap::new();
    }
    let listed = |arch: &&Arch| match view.engine.enosys_stub() {
        EnosysStub::Never => false,
        EnosysStub::Listed => profile.architectures.contains(arch),
        EnosysStub::ListedAndNative => true,
    };
    let mut last = BTreeMap::new();
    for arch in arches.iter().filter(listed) {
        let numbers = profile
            .rules
            .iter()
            .flat_map(|rule| &rule.names)
            .filter(|name| view.libseccomp.knows(name.as_str()))
            .filter(|name| !is_sub_call(*arch, name.as_str()))
            .filter_map(|name| table(*arch).number(name.as_str()));
        if let Some(largest) = numbers.max().filter(|number| *number != 0) {
            last.insert(*arch, largest);
        }
    }
    last
}

/// Whether the call is one that a multiplexer of the architecture has too.
pub(super) fn is_sub_call(arch: Arch, name: &str) -> bool {
    ["socketcall", "ipc"]
        .into_iter()
        .flat_map(|multiplexer| sub_calls(arch, multiplexer))
        .any(|(sub_call, _)| *sub_call == name)
}

/// Whether libseccomp gives the architecture 32-bit words (`.size` in its src/arch-*.c), so that
/// filters see the low half of each argument only.
pub(super) const fn has_low_word_only(arch: Arch) -> bool {
    !arch.is_64_bit() || matches!(arch, Arch::X32 | Arch::Mips64n32 | Arch::Mipsel64n32)
}

/// Sub-calls of `socketcall`, include/uapi/linux/net.h.
const SOCKET_CALLS: [(&str, u8); 20] = [
    ("socket", 1),
    ("bind", 2),
    ("connect", 3),
    ("listen", 4),
    ("accept", 5),
    ("getsockname", 6),
    ("getpeername", 7),
    ("socketpair", 8),
    ("send", 9),
    ("recv", 10),
    ("sendto", 11),
    ("recvfrom", 12),
    ("shutdown", 13),
    ("setsockopt", 14),
    ("getsockopt", 15),
    ("sendmsg", 16),
    ("recvmsg", 17),
    ("accept4", 18),
    ("recvmmsg", 19),
    ("sendmmsg", 20),
];

/// Sub-calls of `ipc`, include/uapi/linux/ipc.h.
const IPC_CALLS: [(&str, u8); 12] = [
    ("semop", 1),
    ("semget", 2),
    ("semctl", 3),
    ("semtimedop", 4),
    ("msgsnd", 11),
    ("msgrcv", 12),
    ("msgget", 13),
    ("msgctl", 14),
    ("shmat", 21),
    ("shmdt", 22),
    ("shmget", 23),
    ("shmctl", 24),
];

/// Whether `socketcall` and `ipc` are known to libseccomp on the architecture: those with
/// `.sys_socketcall` and `.sys_ipc` in its src/arch-*.c.
pub(super) const fn multiplexes(arch: Arch) -> bool {
    matches!(
        arch,
        Arch::M68k
            | Arch::Mips
            | Arch::Mipsel
            | Arch::Ppc
            | Arch::Ppc64
            | Arch::Ppc64le
            | Arch::S390
            | Arch::S390x
            | Arch::Sh
            | Arch::Sheb
            | Arch::X86
    )
}

/// The calls a rule for which reaches `name` too, each with its number as a sub-call.
fn sub_calls(arch: Arch, name: &str) -> &'static [(&'static str, u8)] {
    match name {
        "socketcall" if multiplexes(arch) => &SOCKET_CALLS,
        "ipc" if multiplexes(arch) => &IPC_CALLS,
        _ => &[],
    }
}
