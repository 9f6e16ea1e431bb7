//! From a recording to a profile, in which every rule knows why it is there.

mod draft;
mod error;
mod generated;
mod multiplexed;
mod options;
mod stance;
mod tighten;

use std::collections::{BTreeMap, BTreeSet};

use super::diff::{CallId as DiffCall, Difference};
use super::engine::View;
use super::{Action, Host, Profile, action};
use crate::arch::Arch;
use crate::event::CallId;
use crate::recording::{Recording, Total};
use crate::syscalls::{SyscallName, table};

use draft::Draft;
pub use error::BuildError;
pub use generated::{Generated, LeftOut, Reason, Why};
pub use options::{Base, DefaultAction, Options};
pub use stance::Stance;

/// Makes a profile.
pub fn build(recording: &Recording, options: &Options) -> Result<Generated, BuildError> {
    let mut asked = options.allow.keys().chain(options.also.keys());
    if let Some(name) = asked.find(|name| !exists(name)) {
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
        DiffCall::AnyOther | DiffCall::AnyFrom(_) | DiffCall::WholeArchitecture => false,
    };
    let difference = Difference::between(than, profile, &View::docker(native))?;
    match difference.wider.iter().find(|change| !asked(&change.call)) {
        None => Ok(()),
        Some(change) => Err(BuildError::Weaker {
            base: base.to_owned(),
            what: format!("{} on {}", change.call, change.arch),
        }),
    }
}
