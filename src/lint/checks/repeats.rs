//! Rules that say the same twice, contradict each other, or never count.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Input;
use crate::lint::Rule;
use crate::lint::file::{Entry, Name};
use crate::lint::finding::{Draft, Findings};
use crate::lint::fix;
use crate::lint::words::quoted;
use crate::profile::{Action, Applies, Capability, Condition, KernelVersion};

/// When a rule is there.
type When = (Vec<Capability>, Vec<String>, Option<KernelVersion>);

fn when(applies: &Applies) -> When {
    (
        applies.capabilities.clone(),
        applies.arches.clone(),
        applies.min_kernel,
    )
}

/// A rule of one name.
struct Said<'e> {
    action: Action,
    conditions: &'e [Condition],
    range: Range<usize>,
}

pub(super) fn run(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    let default = input.file.default_action();
    let prepared: Vec<Prepared<'_, '_>> = input
        .file
        .entries
        .iter()
        .filter_map(|entry| Prepared::new(entry, default))
        .collect();
    let mut calls: BTreeMap<&str, Call<'_>> = BTreeMap::new();
    for rule in &prepared {
        for name in &rule.entry.names {
            if name.value.known.is_some() {
                let call = calls.entry(name.value.text.as_ref()).or_default();
                call.add(input, rule, &name.value, &name.range, findings);
            }
        }
    }
    for (name, call) in &calls {
        call.shadowed(name, findings);
    }
}

/// A rule that engines pass on.
struct Prepared<'e, 't> {
    entry: &'e Entry<'t>,
    action: Action,
    conditions: Vec<Condition>,
    when: (When, When),
    always_there: bool,
}

impl<'e, 't> Prepared<'e, 't> {
    fn new(entry: &'e Entry<'t>, default: Option<Action>) -> Option<Self> {
        let action = entry.action().filter(|action| Some(*action) != default)?;
        let mut conditions: Vec<Condition> = entry.args.iter().map(|arg| arg.condition).collect();
        conditions.sort_unstable();
        let (includes, excludes) = entry.applies();
        Some(Self {
            entry,
            action,
            conditions,
            when: (when(&includes), when(&excludes)),
            always_there: !entry.is_conditional(),
        })
    }
}

/// What the rules say of a call, in their order.
#[derive(Default)]
struct Call<'e> {
    /// By when they are there and what they ask of arguments.
    said: BTreeMap<(&'e (When, When), &'e [Condition]), Said<'e>>,
    /// The first without conditions of any kind.
    plain: Option<Action>,
}

impl<'e> Call<'e> {
    fn add(
        &mut self,
        input: &Input<'_, '_>,
        rule: &'e Prepared<'e, '_>,
        name: &Name<'_>,
        range: &Range<usize>,
        findings: &mut Findings<'_, '_>,
    ) {
        let conditions = rule.conditions.as_slice();
        if conditions.is_empty() && rule.always_there {
            self.plain.get_or_insert(rule.action);
        }
        let Some(before) = self.said.get(&(&rule.when, conditions)) else {
            self.said.insert(
                (&rule.when, conditions),
                Said {
                    action: rule.action,
                    conditions,
                    range: range.clone(),
                },
            );
            return;
        };
        let name = quoted(&name.text);
        let (rule_id, message) = if before.action == rule.action {
            (Rule::Duplicate, format!("{name} is here a second time"))
        } else if conditions.is_empty() {
            let message = format!(
                "{name} is {} here, but an earlier rule says {}",
                rule.action, before.action
            );
            (Rule::Contradiction, message)
        } else {
            let message = format!(
                "{name} is {} here, and {} with the same conditions earlier",
                rule.action, before.action
            );
            (Rule::EqualConditions, message)
        };
        let line = findings.line(before.range.start);
        let draft = Draft::new(rule_id, range, message).note(format!("first said in line {line}"));
        let removable = rule_id == Rule::Duplicate && rule.entry.names.len() > 1;
        let edit = removable
            .then(|| fix::without(input.file.text, range))
            .flatten();
        findings.add(match edit {
            Some(edit) => draft.fix("take it out", vec![edit]),
            None => draft,
        });
    }

    /// Tells of conditions that never count.
    fn shadowed(&self, name: &str, findings: &mut Findings<'_, '_>) {
        let Some(plain) = self.plain else {
            return;
        };
        for said in self.said.values() {
            if said.conditions.is_empty() {
                continue;
            }
            let message = format!(
                "conditions on {} never count: a rule without any says {plain}",
                quoted(name)
            );
            let draft = Draft::new(Rule::Shadowed, &said.range, message);
            findings.add(if said.action == plain {
                draft
            } else {
                draft.note(format!("so it is never {}", said.action))
            });
        }
    }
}
