//! From a recording to a profile, in which every rule knows why it is there.

mod multiplexed;
mod stance;
mod tighten;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::diff::{CallId as DiffCall, DiffError, Difference};
use super::floor::RuntimeFloor;
use super::implied::{IMPLIED, PROBED, probed};
use super::{Action, Capability, ConditionalProfile, Host, KernelVersion, Profile, Rule, action};
use crate::arch::Arch;
use crate::event::CallId;
use crate::recording::{Recording, Total};
use crate::syscalls::{SyscallName, table};

pub use stance::Stance;

/// How a profile is to be made.
#[derive(Debug, Clone)]
pub struct Options {
    /// The architectures, or none for those of the recording.
    pub arches: BTreeSet<Arch>,
    /// The profile that the result is never weaker than.
    pub base: Option<Base>,
    /// The capabilities of the container, on which the base depends.
    pub capabilities: BTreeSet<Capability>,
    /// The kernel of the host, on which the base depends.
    pub kernel: KernelVersion,
    /// Which runtimes it is to start under.
    pub floor: RuntimeFloor,
    /// The container is started with no-new-privileges.
    pub no_new_privileges: bool,
    /// Calls to allow whatever the base says, each with a reason.
    pub allow: BTreeMap<SyscallName, String>,
    /// What happens to other calls.
    pub default: DefaultAction,
    /// Narrow the base's argument rules to the values that were observed.
    pub observed_arguments: bool,
}

/// The profile that a result is never weaker than.
#[derive(Debug, Clone)]
pub struct Base {
    /// Its name, for people.
    pub name: String,
    /// What it says.
    pub profile: ConditionalProfile,
}

/// What happens to calls that a profile does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultAction {
    /// They fail with EPERM, as under Docker's default.
    Errno,
    /// They kill the process.
    KillProcess,
    /// They are carried out and logged.
    Log,
}

/// A profile and all that is known about how it came to be.
#[derive(Debug, Clone)]
pub struct Generated {
    /// The profile.
    pub profile: Profile,
    /// The architecture of the engine it is for.
    pub native: Arch,
    /// What the base gives such a container.
    pub base: Option<Profile>,
    /// Why each name is in it.
    pub reasons: BTreeMap<SyscallName, Vec<Reason>>,
    /// Observed calls that are not in it.
    pub left_out: Vec<LeftOut>,
    /// Allowed calls that never succeeded in the recording, per architecture.
    pub never_succeeded: Vec<(Arch, SyscallName)>,
}

/// Why a name is in a profile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A program made the call.
    Observed {
        /// On which architecture.
        arch: Arch,
        /// How often.
        calls: u64,
        /// In how many runs.
        runs: usize,
        /// By which programs.
        by: Vec<String>,
        /// File and line of the first.
        first: (String, u64),
        /// It may have been the call beside it.
        either: bool,
    },
    /// The runtime makes the call between loading the filter and the program's start.
    Floor(String),
    /// Every program needs it.
    Implied(&'static str),
    /// Programs call it where this one is answered ENOSYS.
    Instead(&'static str),
    /// The user asked for it, for this reason.
    Asked(String),
    /// Its argument rule is that of the base.
    Base(String),
    /// It is refused with ENOSYS, on which its callers fall back.
    Probed,
}

/// An observed call that is not in the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// On which architecture.
    pub arch: Arch,
    /// The call.
    pub call: CallId,
    /// Why not.
    pub why: Why,
    /// How often it was seen.
    pub calls: u64,
    /// By which programs.
    pub by: Vec<String>,
}

/// Why an observed call is not in the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The base refuses it, with this answer.
    Refused(Action),
    /// The base allows it for some arguments by rules that can't be carried over.
    NotCarried,
    /// No architecture has a call of this name, so engines would ignore it.
    UnknownName,
    /// It has no name, so a profile can't name it.
    UnknownNumber,
    /// The base does not list the architecture, so it kills the process.
    ArchRefused,
    /// These observed argument values are outside the base's rule.
    Values(Vec<u64>),
}

/// Why no profile could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The recording has no calls.
    #[error("the recording has no calls")]
    Empty,
    /// No engine runs all of these.
    #[error("no machine runs {} together", list(arches))]
    Mixed {
        /// The architectures.
        arches: BTreeSet<Arch>,
    },
    /// The recording has nothing of an architecture that was asked for.
    #[error("the recording has no calls of {arch}, but of {}", list(have))]
    NotRecorded {
        /// The architecture.
        arch: Arch,
        /// What it has.
        have: BTreeSet<Arch>,
    },
    /// The profile would permit what the base refuses. This is the last check before a profile
    /// leaves this module; that it fails is a fault of callsieve, or of a base for other machines.
    #[error("the profile would permit what {base} refuses: {what}")]
    Weaker {
        /// The name of the base.
        base: String,
        /// What it would permit.
        what: String,
    },
    /// The base can't be compared with the profile.
    #[error(transparent)]
    Diff(#[from] DiffError),
    /// A name that the user gave exists nowhere.
    #[error("unknown system call `{name}`")]
    UnknownSyscall {
        /// The name.
        name: SyscallName,
    },
}

fn list(arches: &BTreeSet<Arch>) -> String {
    arches
        .iter()
        .map(|arch| arch.name())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Makes a profile.
pub fn build(recording: &Recording, options: &Options) -> Result<Generated, BuildError> {
    if let Some(name) = options.allow.keys().find(|name| !exists(name)) {
        return Err(BuildError::UnknownSyscall { name: name.clone() });
    }
    let have = recording.arches();
    let (native, arches) = architectures(&have, options)?;
    let host = Host {
        native,
        capabilities: options.capabilities.clone(),
        kernel: options.kernel,
    };
    let base = options
        .base
        .as_ref()
        .map(|base| base.profile.resolve(&host));
    let totals = recording.totals();
    let mut draft = Draft {
        options,
        native,
        base: base.as_ref(),
        arches,
        names: BTreeMap::new(),
        left_out: Vec::new(),
    };
    draft.drop_refused_architectures(&totals);
    let observed: Vec<(Arch, &CallId, &Total<'_>)> = totals
        .iter()
        .filter(|(arch, _)| draft.arches.contains(arch))
        .flat_map(|(arch, calls)| calls.iter().map(move |(call, total)| (*arch, call, total)))
        .collect();
    for (arch, call, total) in &observed {
        draft.observe(*arch, call, total);
    }
    draft.add_floor();
    draft.add_implied();
    draft.add_asked();
    let never_succeeded = observed
        .iter()
        .filter(|(_, _, total)| total.never_succeeded())
        .filter_map(|(arch, call, _)| match call {
            CallId::Name(name) if draft.names.contains_key(name) => Some((*arch, name.clone())),
            CallId::Name(_) | CallId::Number(_) => None,
        })
        .collect();
    let rules = draft.rules(&totals);
    let profile = Profile {
        default_action: match options.default {
            DefaultAction::Errno => Action::Errno(action::EPERM),
            DefaultAction::KillProcess => Action::KillProcess,
            DefaultAction::Log => Action::Log,
        },
        architectures: in_order(native, &draft.arches),
        rules,
        flags: Vec::new(),
    };
    if let (Some(options_base), Some(base)) = (&options.base, &base) {
        check(&options_base.name, &profile, base, native, options)?;
    }
    let Draft {
        names, left_out, ..
    } = draft;
    let reasons = names
        .into_iter()
        .map(|(name, mut reasons)| {
            reasons.sort();
            reasons.dedup();
            (name, reasons)
        })
        .collect();
    Ok(Generated {
        profile,
        native,
        base,
        reasons,
        left_out,
        never_succeeded,
    })
}

fn exists(name: &SyscallName) -> bool {
    Arch::ALL
        .into_iter()
        .any(|arch| table(arch).number(name.as_str()).is_some())
}

/// The native architecture first, the others as Docker orders them.
fn in_order(native: Arch, arches: &BTreeSet<Arch>) -> Vec<Arch> {
    std::iter::once(native)
        .chain(native.sub_architectures().iter().copied())
        .filter(|arch| arches.contains(arch))
        .collect()
}

/// The engine's architecture and those that the profile lists.
fn architectures(
    have: &BTreeSet<Arch>,
    options: &Options,
) -> Result<(Arch, BTreeSet<Arch>), BuildError> {
    let mut arches = if options.arches.is_empty() {
        have.clone()
    } else {
        options.arches.clone()
    };
    if let Some(arch) = arches.iter().find(|arch| !have.contains(arch)) {
        return Err(if have.is_empty() {
            BuildError::Empty
        } else {
            BuildError::NotRecorded {
                arch: *arch,
                have: have.clone(),
            }
        });
    }
    let first = *arches.first().ok_or(BuildError::Empty)?;
    let runs_all = |native: &Arch| {
        arches
            .iter()
            .all(|arch| arch == native || native.sub_architectures().contains(arch))
    };
    let natives: Vec<Arch> = first.natives().filter(runs_all).collect();
    let native = natives
        .iter()
        .copied()
        .find(|native| native.is_64_bit())
        .or_else(|| natives.first().copied())
        .ok_or_else(|| BuildError::Mixed {
            arches: arches.clone(),
        })?;
    // The runtime is a program of the native architecture and runs under the filter first.
    if !options.floor.is_none() {
        arches.insert(native);
    }
    Ok((native, arches))
}

/// The calls of all runs, per architecture.
type Totals<'a> = BTreeMap<Arch, BTreeMap<CallId, Total<'a>>>;

fn callers(total: &Total<'_>) -> Vec<String> {
    total.by.keys().map(|name| (*name).to_owned()).collect()
}

/// Makes sure that the profile permits nothing that the base refuses, but for what was asked.
fn check(
    base: &str,
    profile: &Profile,
    than: &Profile,
    native: Arch,
    options: &Options,
) -> Result<(), BuildError> {
    if options.default == DefaultAction::Log {
        return Ok(());
    }
    let asked = |call: &DiffCall| match call {
        DiffCall::Name(name) => options.allow.contains_key(name),
        DiffCall::AnyOther | DiffCall::WholeArchitecture => false,
    };
    let difference = Difference::between(than, profile, native)?;
    match difference.wider.iter().find(|change| !asked(&change.call)) {
        None => Ok(()),
        Some(change) => Err(BuildError::Weaker {
            base: base.to_owned(),
            what: format!("{} on {}", change.call, change.arch),
        }),
    }
}

/// A profile in the making.
struct Draft<'a> {
    options: &'a Options,
    native: Arch,
    base: Option<&'a Profile>,
    arches: BTreeSet<Arch>,
    names: BTreeMap<SyscallName, Vec<Reason>>,
    left_out: Vec<LeftOut>,
}

impl Draft<'_> {
    /// What the base says of a name.
    fn stance(&self, name: &str) -> Stance {
        if self.options.allow.contains_key(name) {
            return Stance::Allowed;
        }
        match self.base.map(|base| (base, Stance::of(base, name))) {
            None => Stance::Allowed,
            // Allowed for want of a rule, but a rule that refuses a call behind it makes one.
            Some((base, Stance::Allowed)) if self.refuses_behind(base, name) => Stance::NotCarried,
            Some((_, stance)) => stance,
        }
    }

    /// A base that lists no architecture is for the native one alone.
    fn drop_refused_architectures(&mut self, totals: &Totals<'_>) {
        let Some(base) = self.base else { return };
        let (kept, dropped) = self
            .arches
            .iter()
            .partition(|arch| **arch == self.native || base.architectures.contains(arch));
        self.arches = kept;
        let dropped: BTreeSet<Arch> = dropped;
        for arch in dropped {
            for (call, total) in totals.get(&arch).into_iter().flatten() {
                self.left_out.push(LeftOut {
                    arch,
                    call: call.clone(),
                    why: Why::ArchRefused,
                    calls: total.calls,
                    by: callers(total),
                });
            }
        }
    }

    fn on_any_arch(&self, name: &str) -> bool {
        self.arches
            .iter()
            .any(|arch| table(*arch).number(name).is_some())
    }

    fn add(&mut self, name: SyscallName, reason: Reason) {
        self.names.entry(name).or_default().push(reason);
    }

    fn observe(&mut self, arch: Arch, call: &CallId, total: &Total<'_>) {
        let by = callers(total);
        let (name, why) = match call {
            CallId::Number(_) => (None, Some(Why::UnknownNumber)),
            CallId::Name(name) if !exists(name) => (None, Some(Why::UnknownName)),
            CallId::Name(name) => match self.stance(name.as_str()) {
                Stance::Allowed | Stance::Conditional(_) => (Some(name), None),
                Stance::NotCarried => (Some(name), Some(Why::NotCarried)),
                Stance::Refused(answer) => (Some(name), Some(Why::Refused(answer))),
            },
        };
        match (name, why) {
            (Some(name), None) => {
                let reason = Reason::Observed {
                    arch,
                    calls: total.calls,
                    runs: total.runs.len(),
                    by,
                    first: (total.first.0.to_owned(), total.first.1),
                    either: total.either,
                };
                self.add(name.clone(), reason);
            }
            (name, Some(why)) => {
                if let Some(probed) = name.and_then(|name| probed(name.as_str())) {
                    self.add_instead(probed.name, probed.instead);
                }
                self.left_out.push(LeftOut {
                    arch,
                    call: call.clone(),
                    why,
                    calls: total.calls,
                    by,
                });
            }
            (None, None) => {}
        }
    }

    /// What the callers of a refused call will call instead.
    fn add_instead(&mut self, name: &'static str, instead: &[&'static str]) {
        for other in instead {
            self.add_if_permitted(other, Reason::Instead(name));
        }
    }

    fn add_if_permitted(&mut self, name: &'static str, reason: Reason) {
        let permitted = matches!(self.stance(name), Stance::Allowed | Stance::Conditional(_));
        if permitted && self.on_any_arch(name) {
            self.add(SyscallName::known(name), reason);
        }
    }

    fn add_floor(&mut self) {
        let calls: Vec<_> = self
            .options
            .floor
            .calls(self.native, self.options.no_new_privileges)
            .collect();
        for (name, who) in calls {
            self.add_if_permitted(name, Reason::Floor(who.to_string()));
        }
    }

    fn add_implied(&mut self) {
        for implied in IMPLIED {
            self.add_if_permitted(implied.name, Reason::Implied(implied.why));
        }
    }

    fn add_asked(&mut self) {
        for (name, reason) in &self.options.allow {
            self.names
                .entry(name.clone())
                .or_default()
                .push(Reason::Asked(reason.clone()));
        }
    }

    /// The rules: what is allowed whatever its arguments, what is allowed for some, and what is
    /// to look like a call that the kernel does not have.
    fn rules(&mut self, totals: &Totals<'_>) -> Vec<Rule> {
        let mut plain = Vec::new();
        let mut conditional = Vec::new();
        let names: Vec<SyscallName> = self.names.keys().cloned().collect();
        for name in names {
            match self.stance(name.as_str()) {
                Stance::Allowed => plain.push(name),
                Stance::Conditional(rules) => {
                    conditional.extend(self.conditional(&name, rules, totals));
                }
                Stance::Refused(_) | Stance::NotCarried => {
                    self.names.remove(&name);
                }
            }
        }
        let mut rules = Vec::new();
        if !plain.is_empty() {
            rules.push(Rule::unconditional(plain, Action::Allow));
        }
        rules.extend(conditional);
        rules.extend(self.probed());
        rules
    }

    fn conditional(
        &mut self,
        name: &SyscallName,
        rules: Vec<Rule>,
        totals: &Totals<'_>,
    ) -> Vec<Rule> {
        let base = self
            .options
            .base
            .as_ref()
            .map_or("", |base| base.name.as_str());
        let rules = if self.options.observed_arguments {
            let tightened = tighten::tighten(name, &rules, totals, &self.arches);
            for (arch, values) in tightened.outside {
                self.left_out.push(LeftOut {
                    arch,
                    call: CallId::Name(name.clone()),
                    why: Why::Values(values),
                    calls: 0,
                    by: Vec::new(),
                });
            }
            tightened.rules
        } else {
            rules
        };
        self.add(name.clone(), Reason::Base(base.to_owned()));
        // Without the release, since a newer one with the same rule is no change to review.
        let unversioned = match base.split_once('@') {
            Some((name @ "docker-default", _)) => name,
            _ => base,
        };
        let comment = format!("argument rule of {unversioned}");
        rules
            .into_iter()
            .map(|rule| Rule {
                comment: Some(comment.clone()),
                ..rule
            })
            .collect()
    }

    fn probed(&mut self) -> Option<Rule> {
        if self.options.default == DefaultAction::Log {
            return None;
        }
        let refused = self.refused_multiplexers();
        let names: BTreeSet<SyscallName> = PROBED
            .iter()
            .map(|probed| probed.name)
            .filter(|name| self.on_any_arch(name) && !self.names.contains_key(*name))
            .chain(refused)
            .map(SyscallName::known)
            .collect();
        for name in &names {
            self.add(name.clone(), Reason::Probed);
        }
        if names.is_empty() {
            return None;
        }
        Some(Rule {
            comment: Some("not needed; callers fall back only on ENOSYS".to_owned()),
            ..Rule::unconditional(names.into_iter().collect(), Action::Errno(action::ENOSYS))
        })
    }
}

/// For people, in half a line.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Observed {
                arch,
                calls,
                first: (file, line),
                ..
            } => {
                let times = match calls {
                    1 => "once".to_owned(),
                    calls => format!("{calls} times"),
                };
                write!(
                    f,
                    "seen {times} on {arch}, first at {}:{line}",
                    file.escape_debug()
                )
            }
            Self::Floor(who) => write!(f, "needed by {who} to start a container"),
            Self::Implied(why) => f.write_str(why),
            Self::Instead(name) => write!(f, "called where {name} is answered ENOSYS"),
            Self::Asked(reason) => write!(f, "asked for: {}", reason.escape_debug()),
            Self::Base(base) => write!(f, "argument rule of {base}"),
            Self::Probed => f.write_str("refused with ENOSYS, on which callers fall back"),
        }
    }
}
