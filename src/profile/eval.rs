//! What a profile answers to a call, as the filter does that an engine makes of it.
//!
//! runc (`libcontainer/seccomp/seccomp_linux.go`) and crun (src/libcrun/seccomp.c) hand the rules
//! to libseccomp in the order of the file; youki does the same. What is said here of libseccomp was
//! seen in the filters that version 2.5.4 makes:
//!
//! * The engine's own architecture always belongs to the filter, listed or not. A call of any
//!   other that is not listed kills the thread (`SCMP_FLTATR_ACT_BADARCH`, which no engine sets).
//! * Engines leave out a rule whose action, with its number, is the default one.
//! * The first rule of a call without conditions decides alone, also over conditional rules
//!   before and after it.
//! * Where an architecture has 32-bit words in libseccomp's eyes (x32 and n32 too), conditions see
//!   the low 32 bits of arguments, values and masks, and no more.
//! * `SCMP_CMP_MASKED_EQ` does not look at bits of the expected value outside the mask.
//! * A rule for a socket or System V IPC call also makes one for `socketcall` or `ipc` where the
//!   architecture has these: argument 0 is the number of the sub-call, and takes the place of a
//!   condition on argument 0; conditions on other arguments stay.
//!
//! Where conditional rules overlap, this model lets the first that matches decide: what the profile
//! says. libseccomp merges them in an order of its own, and refuses two rules with equal conditions
//! and different actions (-EEXIST, the container does not start). Filters of version 2.5.4 differ
//! from the model for rules with different actions, and for rules with one action too where they
//! look at two arguments or at both halves of one: they let through what no rule allows, or refuse
//! what one does. Of the halves its CHANGELOG says that 2.6.1 is right (GHSA-4q85-33p6-j5g6).
//! None of this is modelled, nor is the ENOSYS with which runc answers numbers above the largest
//! that a profile names.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Condition, Profile, Rule};
use crate::arch::Arch;

pub use super::call_rules::{CallRules, Case};

/// What a call of an architecture gets that the filter is not made for.
pub const NOT_LISTED: Action = Action::KillThread;

/// What `profile` answers to one call on an engine of architecture `native`.
///
/// A shorthand for one question; [`Meaning`] is for many.
pub fn answer(profile: &Profile, native: Arch, arch: Arch, name: &str, args: &[u64; 6]) -> Action {
    Meaning::new(profile, native).answer(arch, name, args)
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

/// A profile on an engine of a known architecture, indexed for questions.
#[derive(Debug)]
pub struct Meaning<'p> {
    default_action: Action,
    arches: BTreeSet<Arch>,
    /// The rules that an engine passes on.
    rules: Vec<(&'p Rule, Vec<Vec<Condition>>)>,
    /// For each name, its rules as positions in `rules`, ascending.
    by_name: BTreeMap<&'p str, Vec<usize>>,
}

/// Which rules decide on a call; equal keys of one [`Meaning`] mean equal answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CallKey {
    /// Every call gets this.
    Always(Action),
    /// The first that matches decides.
    Rules {
        /// Whether conditions see 32 bits only.
        low_word: bool,
        /// Positions of rules, each with the sub-call it is for.
        parts: Vec<(usize, Option<u8>)>,
    },
}

impl<'p> Meaning<'p> {
    /// The meaning of `profile` on an engine of architecture `native`.
    pub fn new(profile: &'p Profile, native: Arch) -> Self {
        let mut rules = Vec::new();
        let mut by_name: BTreeMap<&'p str, Vec<usize>> = BTreeMap::new();
        for rule in &profile.rules {
            if rule.action == profile.default_action {
                continue;
            }
            for name in &rule.names {
                let of_name = by_name.entry(name.as_str()).or_default();
                if of_name.last() != Some(&rules.len()) {
                    of_name.push(rules.len());
                }
            }
            rules.push((rule, rule.alternatives()));
        }
        Self {
            default_action: profile.default_action,
            arches: profile
                .architectures
                .iter()
                .copied()
                .chain([native])
                .collect(),
            rules,
            by_name,
        }
    }

    /// The architectures the filter is made for: those listed and the engine's own.
    pub const fn architectures(&self) -> &BTreeSet<Arch> {
        &self.arches
    }

    /// What a call gets that no rule is about, on an architecture the filter is made for.
    pub const fn default_action(&self) -> Action {
        self.default_action
    }

    /// What the call `name` gets with these arguments. Whether the architecture has such a call is
    /// not asked.
    pub fn answer(&self, arch: Arch, name: &str, args: &[u64; 6]) -> Action {
        self.call(arch, name).answer(args)
    }

    /// The rules about `name` on `arch`.
    pub fn call(&self, arch: Arch, name: &str) -> CallRules {
        self.rules_of(&self.key(arch, name))
    }

    /// Whether a rule is about `name` on `arch`; one that an engine leaves out is not.
    pub fn names(&self, arch: Arch, name: &str) -> bool {
        self.arches.contains(&arch)
            && (self.by_name.contains_key(name)
                || sub_calls(arch, name)
                    .iter()
                    .any(|(sub_call, _)| self.by_name.contains_key(sub_call)))
    }

    pub(super) fn key(&self, arch: Arch, name: &str) -> CallKey {
        if !self.arches.contains(&arch) {
            return CallKey::Always(NOT_LISTED);
        }
        let own = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let unconditional = own
            .iter()
            .filter_map(|&at| self.rules.get(at))
            .find(|(rule, _)| rule.conditions.is_empty());
        if let Some((rule, _)) = unconditional {
            return CallKey::Always(rule.action);
        }
        let mut parts: Vec<(usize, Option<u8>)> = own.iter().map(|&at| (at, None)).collect();
        for (sub_call, number) in sub_calls(arch, name) {
            if let Some(rules) = self.by_name.get(sub_call) {
                parts.extend(rules.iter().map(|&at| (at, Some(*number))));
            }
        }
        if parts.is_empty() {
            return CallKey::Always(self.default_action);
        }
        parts.sort_unstable();
        CallKey::Rules {
            low_word: has_low_word_only(arch),
            parts,
        }
    }

    /// How many cases [`Self::rules_of`] has to look at, to bound the work beforehand.
    pub(super) fn weight(&self, key: &CallKey) -> usize {
        match key {
            CallKey::Always(_) => 0,
            CallKey::Rules { parts, .. } => parts
                .iter()
                .filter_map(|&(at, _)| self.rules.get(at))
                .map(|(rule, alternatives)| rule.conditions.len().max(alternatives.len()).max(1))
                .fold(0, usize::saturating_add),
        }
    }

    pub(super) fn rules_of(&self, key: &CallKey) -> CallRules {
        let (low_word, parts) = match key {
            CallKey::Always(action) => return CallRules::always(*action),
            CallKey::Rules { low_word, parts } => (*low_word, parts),
        };
        let mut cases = Vec::new();
        for &(at, sub_call) in parts {
            let Some((rule, alternatives)) = self.rules.get(at) else {
                continue;
            };
            for conditions in alternatives {
                cases.push((conditions.as_slice(), sub_call, rule.action));
            }
        }
        CallRules::normal(low_word, cases, self.default_action)
    }
}

/// Whether libseccomp gives the architecture 32-bit words (`.size` in its src/arch-*.c), so that
/// filters see the low half of each argument only.
const fn has_low_word_only(arch: Arch) -> bool {
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

/// The calls a rule for which reaches `name` too, each with its number as a sub-call.
fn sub_calls(arch: Arch, name: &str) -> &'static [(&'static str, u8)] {
    // Those with `.sys_socketcall` and `.sys_ipc` in libseccomp's src/arch-*.c.
    let multiplexes = matches!(
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
    );
    match name {
        "socketcall" if multiplexes => &SOCKET_CALLS,
        "ipc" if multiplexes => &IPC_CALLS,
        _ => &[],
    }
}
