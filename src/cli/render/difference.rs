//! A comparison of two profiles: what got wider first and in full, what got narrower counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use callsieve::arch::Arch;
use callsieve::profile::diff::{Answer, CallId, Change, Difference, Extent, Listed, Relation};
use callsieve::syscalls::{Group, Risk, about, group};
use serde::Serialize;

/// What a comparison was of.
#[derive(Debug)]
pub(crate) struct Heading<'a> {
    pub(crate) old: &'a str,
    pub(crate) new: &'a str,
    pub(crate) native: Arch,
    pub(crate) container: &'a str,
}

/// Calls of `wider` that are outside Docker's default as well, where that was asked.
pub(crate) type Outside = BTreeSet<(Arch, CallId)>;

const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

/// For people.
pub(crate) fn text(
    difference: &Difference,
    heading: &Heading<'_>,
    outside: Option<&Outside>,
    verbose: bool,
) -> String {
    let Heading {
        old,
        new,
        native,
        container,
    } = heading;
    let mut text = format!("{BOLD}{new}{PLAIN} against {old} ({native}, {container})\n");
    if difference.is_identical() {
        text.push_str("\nNo changes: both answer alike to every call.\n");
        return text + &unknown_names(difference);
    }
    for (arch, summary) in &difference.arches {
        if summary.listed == Listed::Both {
            let (old, new) = (summary.old_permitted, summary.new_permitted);
            push(
                &mut text,
                &format!("{arch}: {old} calls permitted by the old, {new} by the new\n"),
            );
        }
    }
    text.push('\n');
    let several = difference.arches.len() > 1;
    let mut list = |sign: &str, color: &str, title: &str, changes: &[&Change]| {
        if changes.is_empty() {
            return;
        }
        push(
            &mut text,
            &format!("  {color}{sign} {} {title}{PLAIN}\n", calls(changes)),
        );
        let mut rows = together(changes);
        if sign == "+" {
            rows.sort_by_key(|(change, _)| std::cmp::Reverse(rank(change)));
        }
        for (change, arches) in rows {
            let mark = match outside {
                Some(outside) if outside.contains(&(change.arch, change.call.clone())) => {
                    "  (outside Docker's default)"
                }
                _ => "",
            };
            push(
                &mut text,
                &format!("{}{mark}\n", line(change, several.then_some(&arches))),
            );
            if sign == "+" {
                push(&mut text, &why(change));
            }
            if verbose && matches!(sign, "+" | "~") {
                push(&mut text, &rules(change));
            }
        }
    };
    let wider: Vec<&Change> = difference.wider.iter().collect();
    list("+", RED, "wider", &wider);
    let (by_argument, whole): (Vec<&Change>, Vec<&Change>) = difference
        .narrower
        .iter()
        .partition(|change| change.extent == Extent::ByArgument);
    list("~", YELLOW, "narrower by argument", &by_argument);
    if verbose {
        list("-", GREEN, "no longer reachable", &whole);
        let changed: Vec<&Change> = difference.changed.iter().collect();
        list("*", "", "answered in another way", &changed);
    } else {
        push(&mut text, &folded(&whole));
        push(&mut text, &changed(&difference.changed));
    }
    text.push('\n');
    push(&mut text, &count_line(difference, outside));
    text + &unknown_names(difference)
}

fn push(text: &mut String, more: &str) {
    text.push_str(more);
}

/// One sentence with all counts.
pub(crate) fn count_line(difference: &Difference, outside: Option<&Outside>) -> String {
    let of = |extent: Extent| -> Vec<&Change> {
        difference
            .narrower
            .iter()
            .filter(|change| change.extent == extent)
            .collect()
    };
    let wider: Vec<&Change> = difference.wider.iter().collect();
    let outside = match outside {
        Some(outside) if !wider.is_empty() => {
            format!(" ({} outside Docker's default)", outside.len())
        }
        _ => String::new(),
    };
    let mut parts = vec![
        format!("{} wider{outside}", calls(&wider)),
        format!("{} narrower by argument", calls(&of(Extent::ByArgument))),
        format!("{} removed", calls(&of(Extent::Whole))),
    ];
    if !difference.changed.is_empty() {
        parts.push(format!(
            "{} answered in another way",
            difference.changed.len()
        ));
    }
    format!(
        "{}, {} unchanged.\n",
        parts.join(", "),
        difference.unchanged()
    )
}

/// How many calls changes are about: a whole architecture counts as those that it permits.
fn calls(changes: &[&Change]) -> usize {
    changes
        .iter()
        .map(|change| match (&change.old, &change.new) {
            (Answer::Listed { permitted, .. }, Answer::NotListed)
            | (Answer::NotListed, Answer::Listed { permitted, .. }) => *permitted,
            _ => 1,
        })
        .sum()
}

/// Changes that differ in nothing but the architecture, with all their architectures.
fn together<'a>(changes: &[&'a Change]) -> Vec<(&'a Change, Vec<Arch>)> {
    let mut rows: Vec<(&Change, Vec<Arch>)> = Vec::new();
    let mut known: BTreeMap<(&CallId, String, String), usize> = BTreeMap::new();
    for change in changes {
        let key = (&change.call, change.old.to_string(), change.new.to_string());
        if let Some((_, arches)) = known.get(&key).and_then(|at| rows.get_mut(*at)) {
            arches.push(change.arch);
        } else {
            known.insert(key, rows.len());
            rows.push((change, vec![change.arch]));
        }
    }
    rows.sort_by(|(one, _), (other, _)| one.call.cmp(&other.call));
    rows
}

/// What gets farther, the riskiest first: what each call gets from both, and by which rules.
pub(crate) fn wider_with_rules(difference: &Difference) -> String {
    let mut changes: Vec<&Change> = difference.wider.iter().collect();
    changes.sort_by_key(|change| std::cmp::Reverse(rank(change)));
    let lines = changes.into_iter().map(|change| {
        line(change, Some(&vec![change.arch])) + "\n" + &why(change) + &rules(change)
    });
    lines.collect()
}

/// The class of a call that a reviewer should look at; more for what has no name, as anything may
/// be among it.
fn rank(change: &Change) -> u8 {
    match name(change).map(about) {
        Some(known) => known
            .map(|about| about.risk)
            .filter(|risk| *risk >= Risk::Watch)
            .map_or(0, Risk::class),
        None => Risk::Host.class() + 1,
    }
}

/// The line on the risk of a call that a reviewer should look at.
fn why(change: &Change) -> String {
    name(change)
        .and_then(super::risk)
        .map_or_else(String::new, |risk| format!("          {risk}\n"))
}

fn name(change: &Change) -> Option<&str> {
    match &change.call {
        CallId::Name(name) => Some(name.as_str()),
        CallId::AnyOther | CallId::AnyFrom(_) | CallId::WholeArchitecture => None,
    }
}

/// The rules that decide in both, with the arguments of the example.
fn rules(change: &Change) -> String {
    let by = |rules: &[String]| rules.join(", ");
    let (old, new) = (by(&change.old_because), by(&change.new_because));
    if old.is_empty() && new.is_empty() {
        return String::new();
    }
    format!("          {old} -> {new}\n")
}

fn line(change: &Change, arches: Option<&Vec<Arch>>) -> String {
    let arches = arches.map_or_else(String::new, |arches| {
        let names: Vec<&str> = arches.iter().map(|arch| arch.name()).collect();
        format!("{:<16} ", names.join(","))
    });
    let mut line = format!(
        "      {:<22} {arches}{} -> {}",
        change.call.to_string(),
        change.old,
        change.new
    );
    if let Some(witness) = &change.witness {
        let last = witness
            .args
            .iter()
            .rposition(|arg| *arg != 0)
            .unwrap_or_default();
        let args: Vec<String> = witness
            .args
            .iter()
            .take(last + 1)
            .map(|a| format!("{a:#x}"))
            .collect();
        // Writing to a string does not fail.
        let _infallible = write!(
            line,
            "; as ({}): {} -> {}",
            args.join(", "),
            witness.old,
            witness.new
        );
    }
    line
}

/// What is no longer reachable, by family.
fn folded(changes: &[&Change]) -> String {
    /// Families on one line.
    const PER_LINE: usize = 5;
    if changes.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "  {GREEN}- {} no longer reachable{PLAIN} (-v lists them)\n",
        calls(changes)
    );
    let mut arches: BTreeMap<Arch, BTreeMap<Group, usize>> = BTreeMap::new();
    for change in changes {
        match &change.call {
            CallId::Name(name) => {
                *arches
                    .entry(change.arch)
                    .or_default()
                    .entry(group(name.as_str()))
                    .or_default() += 1;
            }
            CallId::AnyOther | CallId::AnyFrom(_) | CallId::WholeArchitecture => {
                push(
                    &mut text,
                    &format!("{}\n", line(change, Some(&vec![change.arch]))),
                );
            }
        }
    }
    let several = arches.len() > 1;
    for (arch, groups) in arches {
        let cells: Vec<String> = groups
            .iter()
            .map(|(group, count)| format!("{:<14}", format!("{} {count}", group.name())))
            .collect();
        for chunk in cells.chunks(PER_LINE) {
            let arch = if several {
                format!("{arch:<8} ")
            } else {
                String::new()
            };
            push(
                &mut text,
                &format!("      {arch}{}\n", chunk.join(" ").trim_end()),
            );
        }
    }
    text
}

/// What is refused or permitted in another way, by the two answers.
fn changed(changes: &[Change]) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for change in changes {
        *kinds
            .entry(format!("{} -> {}", change.old, change.new))
            .or_default() += 1;
    }
    let mut text = format!(
        "  * {} answered in another way (-v lists them)\n",
        changes.len()
    );
    for (kind, count) in kinds {
        push(&mut text, &format!("      {count:>4}  {kind}\n"));
    }
    text
}

fn unknown_names(difference: &Difference) -> String {
    if difference.unknown_names.is_empty() {
        return String::new();
    }
    let names: Vec<String> = difference
        .unknown_names
        .iter()
        .map(ToString::to_string)
        .collect();
    format!(
        "Unknown to every architecture, so engines ignore them: {}\n",
        names.join(", ")
    )
}

/// For machines; docs/diff-format.md describes it.
pub(crate) fn json(
    difference: &Difference,
    heading: &Heading<'_>,
    outside: Option<&Outside>,
) -> String {
    super::json(&value(difference, heading, outside))
}

/// What [`json`] writes.
pub(crate) fn value<'a>(
    difference: &Difference,
    heading: &Heading<'a>,
    outside: Option<&Outside>,
) -> impl Serialize + use<'a> {
    let rows = |changes: &[Change]| -> Vec<Row> {
        changes.iter().map(|change| row(change, outside)).collect()
    };
    let mut wider = rows(&difference.wider);
    for (row, change) in wider.iter_mut().zip(&difference.wider) {
        row.risk = name(change).and_then(about).map(|about| RiskJson {
            class: about.risk.class(),
            name: about.risk.name(),
            why: about.why,
        });
    }
    Json {
        schema: 1,
        old: heading.old,
        new: heading.new,
        native: heading.native.name(),
        relation: match difference.relation {
            Relation::Equal => "equal",
            Relation::Narrower => "narrower",
            Relation::Wider => "wider",
            Relation::Incomparable => "incomparable",
        },
        architectures: difference
            .arches
            .iter()
            .map(|(arch, summary)| {
                let listed = match summary.listed {
                    Listed::Both => "both",
                    Listed::OldOnly => "old",
                    Listed::NewOnly => "new",
                };
                let summary = ArchJson {
                    listed,
                    old_permitted: summary.old_permitted,
                    new_permitted: summary.new_permitted,
                    unchanged: summary.unchanged,
                };
                (arch.name(), summary)
            })
            .collect(),
        wider,
        narrower: rows(&difference.narrower),
        changed: rows(&difference.changed),
        unchanged: difference.unchanged(),
        unknown_names: difference
            .unknown_names
            .iter()
            .map(ToString::to_string)
            .collect(),
    }
}

fn row(change: &Change, outside: Option<&Outside>) -> Row {
    Row {
        arch: change.arch.name(),
        syscall: match &change.call {
            CallId::Name(name) => name.to_string(),
            CallId::AnyOther => "?".to_owned(),
            CallId::AnyFrom(number) => format!("?>={number}"),
            CallId::WholeArchitecture => "*".to_owned(),
        },
        old: change.old.to_string(),
        new: change.new.to_string(),
        by_argument: change.extent == Extent::ByArgument,
        risk: None,
        outside_default: outside
            .map(|outside| outside.contains(&(change.arch, change.call.clone())))
            .filter(|is| *is),
        old_by: change.old_because.clone(),
        new_by: change.new_because.clone(),
        example: change.witness.map(|witness| Example {
            args: witness.args.iter().map(|arg| format!("{arg:#x}")).collect(),
            old: witness.old.to_string(),
            new: witness.new.to_string(),
        }),
    }
}

#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    old: &'a str,
    new: &'a str,
    native: &'static str,
    relation: &'static str,
    wider: Vec<Row>,
    narrower: Vec<Row>,
    changed: Vec<Row>,
    unchanged: usize,
    architectures: BTreeMap<&'static str, ArchJson>,
    unknown_names: Vec<String>,
}

#[derive(Serialize)]
struct ArchJson {
    listed: &'static str,
    old_permitted: usize,
    new_permitted: usize,
    unchanged: usize,
}

#[derive(Serialize)]
struct Row {
    arch: &'static str,
    syscall: String,
    old: String,
    new: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    by_argument: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<RiskJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outside_default: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    old_by: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    new_by: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<Example>,
}

#[derive(Serialize)]
struct RiskJson {
    class: u8,
    name: &'static str,
    why: &'static str,
}

#[derive(Serialize)]
struct Example {
    args: Vec<String>,
    old: String,
    new: String,
}
