//! `includes` and `excludes`, and what becomes allowed where they are not read.

use std::collections::BTreeSet;

use super::Input;
use crate::lint::Rule as Lint;
use crate::lint::engines::titles;
use crate::lint::file::Entry;
use crate::lint::finding::{Draft, Findings};
use crate::lint::meaning::opened;
use crate::lint::words::listed;
use crate::profile::action::Reach;
use crate::profile::engine::Conditions;
use crate::profile::{Applies, ConditionalRule, Engine, Host, Rule};
use crate::syscalls::SyscallName;

pub(super) fn run(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    let Some(profile) = &input.profile else {
        return;
    };
    let host = &input.options.host;
    let meant = profile.resolve(host);
    for way in [Conditions::NoKernel, Conditions::None] {
        let engines: Vec<Engine> = input
            .options
            .engines
            .iter()
            .copied()
            .filter(|engine| engine.conditions() == way)
            .collect();
        let Some(engine) = engines.first() else {
            continue;
        };
        let ignored: Vec<&Entry<'_>> = input
            .file
            .entries
            .iter()
            .filter(|entry| is_ignored(entry, way))
            .collect();
        if ignored.is_empty() {
            continue;
        }
        let names = match opened(&meant, &engine.resolve(profile, host), host.native) {
            Ok(names) => names,
            Err(why) => {
                findings.not_checked(format!(
                    "what becomes allowed where conditions are not read: {why}"
                ));
                BTreeSet::new()
            }
        };
        for entry in ignored {
            let opens = opens(entry, way, host);
            let names = if opens { &names } else { &BTreeSet::new() };
            report(entry, &engines, names, way, findings);
        }
    }
}

fn is_ignored(entry: &Entry<'_>, way: Conditions) -> bool {
    match way {
        Conditions::All => false,
        Conditions::NoKernel => {
            let (includes, excludes) = entry.applies();
            includes.min_kernel.is_some() || excludes.min_kernel.is_some()
        }
        Conditions::None => entry.is_conditional(),
    }
}

/// Whether the rule permits something, and is there only because its conditions are not read.
fn opens(entry: &Entry<'_>, way: Conditions, host: &Host) -> bool {
    let (includes, excludes) = entry.applies();
    let Some(action) = entry.action() else {
        return false;
    };
    let mut rule = ConditionalRule {
        rule: Rule::unconditional(Vec::new(), action),
        includes,
        excludes,
    };
    let meant = rule.applies(host);
    rule.includes.min_kernel = None;
    rule.excludes.min_kernel = None;
    let read = way == Conditions::None || rule.applies(host);
    action.reach() != Reach::Refused && read && !meant
}

fn report(
    entry: &Entry<'_>,
    engines: &[Engine],
    names: &BTreeSet<SyscallName>,
    way: Conditions,
    findings: &mut Findings<'_, '_>,
) {
    let nothing = Applies::default();
    let fields: Vec<&str> = [("includes", &entry.includes), ("excludes", &entry.excludes)]
        .into_iter()
        .filter(|(_, at)| at.as_ref().is_some_and(|at| at.value != nothing))
        .map(|(name, _)| name)
        .collect();
    let what = match (way, fields.as_slice()) {
        (Conditions::NoKernel, _) => "`minKernel` is".to_owned(),
        (_, [one]) => format!("`{one}` is"),
        _ => "`includes` and `excludes` are".to_owned(),
    };
    let place = [&entry.includes, &entry.excludes]
        .into_iter()
        .flatten()
        .find(|at| at.value != nothing)
        .map_or(&entry.range, |at| &at.range);
    let message = format!("{what} not read by {}", titles(engines));
    let allowed: BTreeSet<&str> = entry.known().filter(|name| names.contains(*name)).collect();
    findings.add(if allowed.is_empty() {
        Draft::new(Lint::ConditionIgnored, place, message)
            .of(engines)
            .note("the rule applies to every container")
    } else {
        let verb = if allowed.len() == 1 {
            "becomes"
        } else {
            "become"
        };
        Draft::new(Lint::ConditionWidens, place, message)
            .of(engines)
            .note(format!("{} {verb} allowed there", listed(allowed)))
            .help("a flat profile for each kind of container, as `callsieve generate` makes it")
    });
}
