//! Narrows argument rules to the values that were observed.

use std::collections::{BTreeMap, BTreeSet};

use crate::arch::Arch;
use crate::event::{ArgFacts, CallId};
use crate::profile::{ArgIndex, Condition, Rule, Test};
use crate::recording::Total;
use crate::syscalls::SyscallName;

/// Narrower rules, and what was observed outside the given ones.
pub(super) struct Tightened {
    pub(super) rules: Vec<Rule>,
    pub(super) outside: Vec<(Arch, Vec<u64>)>,
}

/// More distinct values than this are no small set, and the rule stays as it is.
const MAX_VALUES: usize = 16;

/// Narrows `rules`, which permit `name` for some values of one argument, to the values observed.
/// They stay as they are where not every observed value is known as a number.
///
/// A set of flags (a masked comparison) is narrowed to the flags observed: any of them may be
/// set, no other. Single values become one rule each, as two comparisons of one argument in one
/// rule mean either of them.
pub(super) fn tighten(
    name: &SyscallName,
    rules: &[Rule],
    totals: &BTreeMap<Arch, BTreeMap<CallId, Total<'_>>>,
    arches: &BTreeSet<Arch>,
) -> Tightened {
    let unchanged = Tightened {
        rules: rules.to_vec(),
        outside: Vec::new(),
    };
    let Some(arg) = only_argument(rules) else {
        return unchanged;
    };
    let call = CallId::Name(name.clone());
    let mut observed: BTreeSet<u64> = BTreeSet::new();
    let mut outside = Vec::new();
    for (arch, calls) in totals.iter().filter(|(arch, _)| arches.contains(arch)) {
        let Some(total) = calls.get(&call) else {
            continue;
        };
        let Some(values) = total.args.get(&arg.get()).and_then(ArgFacts::all_numbers) else {
            return unchanged;
        };
        let (inside, beyond): (Vec<u64>, Vec<u64>) =
            values.into_iter().partition(|value| permits(rules, *value));
        observed.extend(inside);
        if !beyond.is_empty() {
            outside.push((*arch, beyond));
        }
    }
    if observed.is_empty() {
        return Tightened {
            outside,
            ..unchanged
        };
    }
    let narrowed = match mask(rules) {
        Some(mask) => {
            let flags = observed.iter().fold(0, |flags, value| flags | value);
            // Flags have 32 bits; the base's own mask says what must never be set.
            let never = (mask | !flags) & 0xffff_ffff;
            vec![Condition {
                arg,
                test: Test::MaskedEqual {
                    mask: never,
                    expected: 0,
                },
            }]
        }
        None if observed.len() <= MAX_VALUES => observed
            .iter()
            .map(|value| Condition {
                arg,
                test: Test::Equal(*value),
            })
            .collect(),
        None => {
            return Tightened {
                outside,
                ..unchanged
            };
        }
    };
    let rules = narrowed
        .into_iter()
        .filter_map(|condition| {
            let rule = rules.first()?;
            Some(Rule {
                conditions: vec![condition],
                ..rule.clone()
            })
        })
        .collect();
    Tightened { rules, outside }
}

fn permits(rules: &[Rule], value: u64) -> bool {
    rules.iter().any(|rule| {
        rule.conditions
            .iter()
            .all(|condition| condition.test.holds(value))
    })
}

/// The argument that all rules look at, if it is one.
fn only_argument(rules: &[Rule]) -> Option<ArgIndex> {
    let args: BTreeSet<ArgIndex> = rules
        .iter()
        .flat_map(|rule| &rule.conditions)
        .map(|condition| condition.arg)
        .collect();
    let single = rules.iter().all(|rule| rule.conditions.len() == 1);
    args.first().copied().filter(|_| single && args.len() == 1)
}

/// The flags that a single masked rule forbids.
fn mask(rules: &[Rule]) -> Option<u64> {
    match rules {
        [Rule { conditions, .. }] => match conditions.as_slice() {
            [
                Condition {
                    test: Test::MaskedEqual { mask, expected: 0 },
                    ..
                },
            ] => Some(*mask),
            _ => None,
        },
        _ => None,
    }
}
