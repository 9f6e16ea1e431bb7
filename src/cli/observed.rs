//! What was observed, as a profile that permits it and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use callsieve::event::{ArgFacts, CallId};
use callsieve::profile::action::EPERM;
use callsieve::profile::docker_default::{DockerRelease, docker_default};
use callsieve::profile::{Action, ArgIndex, Condition, Host, Profile, Rule, Test};
use callsieve::recording::Recording;
use callsieve::syscalls::SyscallName;

/// The profile that permits what was observed: names, and of those arguments at which Docker's
/// default looks the values, where all of them are known. Rules have no architecture of their
/// own, so a call seen on one of several is permitted on all that have it.
pub(crate) fn observed(recording: &Recording, host: &Host) -> Profile {
    let totals = recording.totals();
    let mut calls: BTreeMap<&SyscallName, BTreeMap<u8, ArgFacts>> = BTreeMap::new();
    for (call, total) in totals.values().flatten() {
        let CallId::Name(name) = call else { continue };
        let known = calls.entry(name).or_default();
        for (index, facts) in &total.args {
            known.entry(*index).or_default().absorb(facts);
        }
    }
    let asked = asked(host);
    let (mut plain, mut rules) = (Vec::new(), Vec::new());
    for (name, facts) in calls {
        let index = asked.get(name.as_str()).copied();
        let values = index.and_then(|index| facts.get(&index.get())?.all_numbers());
        let (Some(arg), Some(values)) = (index, values) else {
            plain.push(name.clone());
            continue;
        };
        rules.extend(values.into_iter().map(|value| Rule {
            conditions: vec![Condition {
                arg,
                test: Test::Equal(value),
            }],
            ..Rule::unconditional(vec![name.clone()], Action::Allow)
        }));
    }
    if !plain.is_empty() {
        rules.insert(0, Rule::unconditional(plain, Action::Allow));
    }
    Profile {
        default_action: Action::Errno(EPERM),
        architectures: totals.keys().copied().collect(),
        rules,
        flags: Vec::new(),
    }
}

/// The argument at which Docker's default looks, by call, where it is one.
fn asked(host: &Host) -> BTreeMap<String, ArgIndex> {
    let default = docker_default(DockerRelease::NEWEST).resolve(host);
    let mut asked: BTreeMap<String, BTreeSet<ArgIndex>> = BTreeMap::new();
    for rule in &default.rules {
        for name in &rule.names {
            let arguments = rule.conditions.iter().map(|condition| condition.arg);
            asked
                .entry(name.as_str().to_owned())
                .or_default()
                .extend(arguments);
        }
    }
    let only = |arguments: BTreeSet<ArgIndex>| {
        let mut arguments = arguments.into_iter();
        arguments.next().filter(|_| arguments.next().is_none())
    };
    let asked = asked.into_iter();
    asked
        .filter_map(|(name, arguments)| Some((name, only(arguments)?)))
        .collect()
}
