//! From a recording to a profile, in which every rule knows why it is there.

mod deny;
mod draft;
mod error;
mod generated;
mod kept;
mod multiplexed;
mod options;
mod stance;
mod tighten;

use std::collections::{BTreeMap, BTreeSet};

use super::diff::{CallId as DiffCall, Difference};
use super::engine::View;
use super::{Host, Profile};
use crate::arch::Arch;
use crate::event::CallId;
use crate::recording::{Recording, Total};
use crate::syscalls::{SyscallName, exists};

use draft::Draft;
pub use error::BuildError;
pub use generated::{Generated, Kept, LeftOut, Reason, Why};
use kept::Older;
pub use options::{Base, DefaultAction, Keep, Options};
pub use stance::Stance;

/// Makes a profile.
pub fn build(recording: &Recording, options: &Options) -> Result<Generated, BuildError> {
    check_names(options)?;
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
    let older = older(recording, options, &draft, &host)?;
    if let Some(older) = older.as_ref().filter(|older| !older.is_pruned()) {
        draft.arches.extend(older.arches());
    }
    draft.drop_refused_architectures(&totals);
    draft.check_denied()?;
    let never_succeeded = observe(&mut draft, &totals);
    let mut permitted = draft.permitted(&totals);
    let kept = match &older {
        Some(older) => Some(draft.keep(older, &mut permitted)?),
        None => None,
    };
    let rules = draft.rules(&permitted);
    let profile = Profile {
        default_action: options.default.action(),
        architectures: in_order(native, &draft.arches),
        rules,
        flags: Vec::new(),
    };
    if let (Some(options_base), Some(base)) = (&options.base, &base) {
        check(&options_base.name, &profile, base, native, options)?;
    }
    deny::check(&profile, native, options)?;
    if let Some(older) = older.filter(|older| !older.is_pruned()) {
        older.check(&profile, options, &draft.left_out)?;
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
        kept,
    })
}

/// Makes sure that what was asked for exists and is not asked for twice.
fn check_names(options: &Options) -> Result<(), BuildError> {
    let allowed = options.allow.keys().chain(options.also.keys());
    let mut asked = allowed.clone().chain(options.deny.keys());
    if let Some(name) = asked.find(|name| !exists(name)) {
        return Err(BuildError::UnknownSyscall { name: name.clone() });
    }
    let mut denied = allowed.filter(|name| options.deny.contains_key(*name));
    match denied.next() {
        None => Ok(()),
        Some(name) => Err(BuildError::AllowedAndDenied { name: name.clone() }),
    }
}

/// Adds what was observed, and what must be there whatever was. What never succeeded.
fn observe(draft: &mut Draft<'_>, totals: &Totals<'_>) -> Vec<(Arch, SyscallName)> {
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
    observed
        .iter()
        .filter(|(_, _, total)| total.never_succeeded())
        .filter_map(|(arch, call, _)| match call {
            CallId::Name(name) if draft.names.contains_key(name) => Some((*arch, name.clone())),
            CallId::Name(_) | CallId::Number(_) => None,
        })
        .collect()
}

/// The older profile, as it is where this one goes.
fn older<'a>(
    recording: &Recording,
    options: &'a Options,
    draft: &Draft<'a>,
    host: &Host,
) -> Result<Option<Older<'a>>, BuildError> {
    match &options.keep {
        // Whatever it permits is permitted anyway.
        Some(_) if options.default == DefaultAction::Log => Ok(None),
        Some(keep) => Older::new(keep, draft, recording, host).map(Some),
        None => Ok(None),
    }
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
    if !options.floor.is_none() || !options.recorded_floor.is_empty() {
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
