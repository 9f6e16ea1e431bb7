//! A profile read off a policy.

use std::collections::{BTreeMap, BTreeSet};

use super::action::{ENOSYS, Reach};
use super::call_rules::Case;
use super::decision::{Decisions, TooComplex};
use super::diff::{DiffError, Difference};
use super::engine::{Engine, Libseccomp, View};
use super::eval::{Meaning, has_low_word_only};
use super::policy::{NOT_LISTED, Policy, PolicyError, Union, call_name};
use super::{Action, Profile, Rule};
use crate::arch::Arch;
use crate::syscalls::{SyscallName, table};

/// A profile and how it differs from what it was read off.
#[derive(Debug)]
pub struct Recovered {
    /// The profile.
    pub profile: Profile,
    /// For which engine the difference is told: one that answers ENOSYS to large numbers if that
    /// fits better.
    pub view: View,
    /// What is not the same, the policy being the old side. Where calls are answered differently
    /// on different architectures, or conditions are too many, no flat profile says the same.
    pub difference: Difference,
}

/// Why profiles have no union.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnionError {
    /// It can't be told what they mean.
    #[error(transparent)]
    Meaning(#[from] DiffError),
    /// It would take rules that hold on one architecture alone, or too many.
    #[error("no single profile permits what any of these does and no more: {what} can't be said")]
    NotSaid {
        /// What would not be the same.
        what: String,
    },
}

/// The profile that permits what any of several permits and no more: their least upper bound. It
/// is checked to be that, by comparison.
///
/// # Errors
///
/// [`UnionError`] if there is none.
pub fn union(profiles: &[Profile], view: &View) -> Result<Profile, UnionError> {
    let policies = profiles
        .iter()
        .map(|profile| Box::new(Meaning::new(profile, view)) as Box<dyn Policy>);
    let union = Union::new(policies.collect());
    let recovered = recover(&union, view.native)?;
    let difference = Difference::of(&union, &Meaning::new(&recovered.profile, view))?;
    let changes = difference.wider.iter().chain(&difference.narrower);
    match changes.map(|change| (change.arch, &change.call)).next() {
        None => Ok(recovered.profile),
        Some((arch, call)) => Err(UnionError::NotSaid {
            what: format!("{call} on {arch}"),
        }),
    }
}

/// What a call gets on all architectures: its cases, and what it gets elsewhere.
type Said = (Vec<Case>, Action);

/// The profile that says what `policy` does, as far as one can, for a machine of an architecture.
///
/// # Errors
///
/// [`DiffError`] if it can't be told what the policy does.
pub fn recover(policy: &dyn Policy, native: Arch) -> Result<Recovered, DiffError> {
    let arches: Vec<Arch> = std::iter::once(native)
        .chain(native.sub_architectures().iter().copied())
        .chain(Arch::ALL)
        .filter(|arch| policy.lists(*arch))
        .collect();
    let mut seen = BTreeSet::new();
    let architectures: Vec<Arch> = arches.into_iter().filter(|it| seen.insert(*it)).collect();
    let mut best: Option<Recovered> = None;
    for default_action in defaults(policy, native)? {
        let profile = flat(policy, &architectures, default_action)?;
        // Some default actions take rules that contradict each other.
        let Ok(found) = closest(policy, profile, native) else {
            continue;
        };
        if best.as_ref().is_none_or(|best| found.rank() < best.rank()) {
            best = Some(found);
        }
    }
    match best {
        Some(best) => Ok(best),
        None => closest(policy, flat(policy, &architectures, NOT_LISTED)?, native),
    }
}

impl Recovered {
    /// How far it is from what it was read off, then how long it is.
    fn rank(&self) -> (usize, usize) {
        let Difference {
            wider,
            narrower,
            changed,
            ..
        } = &self.difference;
        let names = self.profile.rules.iter().map(|rule| rule.names.len());
        (wider.len() + narrower.len() + changed.len(), names.sum())
    }
}

/// How many of the answers that refuse calls are tried as default action.
const TRIED: usize = 3;

/// What may have been the default action: what a number without a name gets, and what most calls
/// are refused with.
fn defaults(policy: &dyn Policy, native: Arch) -> Result<BTreeSet<Action>, PolicyError> {
    let mut counts: BTreeMap<Action, usize> = BTreeMap::new();
    for (_, number) in table(native).iter() {
        if let Some(action) = policy.call(native, number)?.flow.as_constant()
            && action.reach() == Reach::Refused
        {
            *counts.entry(action).or_default() += 1;
        }
    }
    let mut by_count: Vec<(Action, usize)> = counts.into_iter().collect();
    by_count.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let most = by_count.into_iter().take(TRIED).map(|(action, _)| action);
    Ok(most.chain([other(policy, native)?]).collect())
}

/// A profile with this default action, as close as rules without an architecture come.
fn flat(
    policy: &dyn Policy,
    architectures: &[Arch],
    default_action: Action,
) -> Result<Profile, DiffError> {
    let mut rules: BTreeMap<Said, BTreeSet<&'static str>> = BTreeMap::new();
    let mut known = BTreeSet::new();
    let mut decisions = Decisions::new();
    for arch in architectures {
        for (name, number) in table(*arch).iter() {
            // What the first architecture says stands; where others differ, the difference tells.
            if known.insert(name) {
                let said = said(policy, (*arch, number), default_action, &mut decisions)?;
                rules.entry(said).or_default().insert(name);
            }
        }
    }
    let mut flat = Vec::new();
    for ((cases, otherwise), names) in rules {
        let names: Vec<SyscallName> = names.into_iter().map(SyscallName::known).collect();
        let rule = |action, conditions| Rule {
            names: names.clone(),
            action,
            conditions,
            comment: None,
        };
        if cases.is_empty() && otherwise != default_action {
            flat.push(rule(otherwise, Vec::new()));
        }
        for case in cases {
            flat.push(rule(case.action, case.conditions));
        }
    }
    Ok(Profile {
        default_action,
        architectures: architectures.to_vec(),
        rules: flat,
        flags: Vec::new(),
    })
}

/// What a number without a name gets.
fn other(policy: &dyn Policy, native: Arch) -> Result<Action, PolicyError> {
    let first = native.first_number();
    let number = table(native).unnamed(first..u32::MAX);
    let call = policy.call(native, number.unwrap_or(first))?;
    Ok(call.flow.answer(&[u64::MAX; 6]))
}

/// The rules that say of a call what `policy` does, next to this default action; none where that
/// can't be said. Of several architectures the first that has the call counts.
pub(super) fn rules_of(
    policy: &dyn Policy,
    architectures: &[Arch],
    name: &SyscallName,
    default_action: Action,
) -> Result<Vec<Rule>, DiffError> {
    let number = |arch: &Arch| Some((*arch, table(*arch).number(name.as_str())?));
    let Some(call) = architectures.iter().find_map(number) else {
        return Ok(Vec::new());
    };
    let (cases, otherwise) = said(policy, call, default_action, &mut Decisions::new())?;
    let rule = |action, conditions| Rule {
        conditions,
        ..Rule::unconditional(vec![name.clone()], action)
    };
    if cases.is_empty() && otherwise != default_action {
        return Ok(vec![rule(otherwise, Vec::new())]);
    }
    let cases = cases.into_iter();
    Ok(cases
        .map(|case| rule(case.action, case.conditions))
        .collect())
}

fn said(
    policy: &dyn Policy,
    (arch, number): (Arch, u32),
    default_action: Action,
    decisions: &mut Decisions,
) -> Result<Said, DiffError> {
    let call = policy.call(arch, number)?;
    if let Some(action) = call.flow.as_constant() {
        return Ok((Vec::new(), action));
    }
    let root = decisions
        .of_flow(&call.flow)
        .map_err(|TooComplex| DiffError::TooComplex {
            arch,
            call: call_name(arch, number),
        })?;
    if let Some(action) = decisions.as_constant(root) {
        return Ok((Vec::new(), action));
    }
    // What can't be said in cases is refused, and the difference tells.
    Ok(decisions
        .cases(root, Some(default_action), has_low_word_only(arch))
        .unwrap_or((Vec::new(), default_action)))
}

/// The view in which the profile comes closest. One is a runtime that answers ENOSYS to numbers
/// above the largest that a profile names, so that no rule need do so.
fn closest(policy: &dyn Policy, profile: Profile, native: Arch) -> Result<Recovered, DiffError> {
    let compared = |profile: Profile, engine| -> Result<Recovered, DiffError> {
        let view = View {
            engine,
            libseccomp: Libseccomp::NEWEST,
            native,
        };
        let difference = Difference::of(policy, &Meaning::new(&profile, &view))?;
        Ok(Recovered {
            profile,
            view,
            difference,
        })
    };
    let mut best = compared(profile.clone(), Engine::Crun)?;
    let shorter = without_large_numbers(policy, &profile, native)?;
    for candidate in [
        compared(profile, Engine::Docker)?,
        compared(shorter, Engine::Docker)?,
    ] {
        if candidate.rank() < best.rank() {
            best = candidate;
        }
    }
    Ok(best)
}

/// The profile without the names for which a runtime answers ENOSYS by itself.
fn without_large_numbers(
    policy: &dyn Policy,
    profile: &Profile,
    native: Arch,
) -> Result<Profile, PolicyError> {
    let mut from = u32::MAX;
    let mut last = None;
    for (_, number) in table(native).iter() {
        if policy.call(native, number)?.flow.as_constant() != Some(Action::Errno(ENOSYS)) {
            last = last.max(Some(number));
        }
    }
    if let Some(last) = last {
        from = last.saturating_add(1);
    }
    let mut shorter = profile.clone();
    for rule in &mut shorter.rules {
        if rule.action == Action::Errno(ENOSYS) && rule.conditions.is_empty() {
            let number = |name: &SyscallName| table(native).number(name.as_str());
            rule.names
                .retain(|name| number(name).is_none_or(|number| number < from));
        }
    }
    shorter.rules.retain(|rule| !rule.names.is_empty());
    Ok(shorter)
}
