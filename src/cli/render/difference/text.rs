//! For a terminal.

use std::collections::BTreeMap;

use callsieve::arch::Arch;
use callsieve::profile::diff::{CallId, Change, Difference, Extent, Listed};
use callsieve::syscalls::{Group, group};

use super::super::add;
use super::super::pieces::plain;
use super::super::wrap::Page;
use super::headline::count_line;
use super::{Compared, Row, answers, calls};

const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

/// How many calls that recordings have and that are gone are listed unless all are asked for.
const MISSED: usize = 20;
/// Where lines on a call begin.
const INDENT: &str = "          ";

/// For people.
pub(crate) fn text(compared: &Compared<'_>, page: Page) -> String {
    page.wrapped(&unwrapped(compared, page.verbose))
}

fn unwrapped(compared: &Compared<'_>, verbose: bool) -> String {
    let Compared {
        difference,
        heading,
        ..
    } = compared;
    let mut text = format!(
        "{BOLD}{}{PLAIN} against {} ({}, {})\n",
        heading.new, heading.old, heading.native, heading.container
    );
    if difference.is_identical() {
        text.push_str("\nNo changes: both answer alike to every call.\n");
        return text + &unknown_names(difference);
    }
    for (arch, summary) in &difference.arches {
        if summary.listed == Listed::Both {
            let (old, new) = (summary.old_permitted, summary.new_permitted);
            add(
                &mut text,
                format_args!("{arch}: {old} calls permitted by the old, {new} by the new\n"),
            );
        }
    }
    text.push('\n');
    text.push_str(&wider(compared, verbose));
    text.push_str(&missed(compared, verbose));
    let (by_argument, whole): (Vec<&Change>, Vec<&Change>) = difference
        .narrower
        .iter()
        .partition(|change| change.extent == Extent::ByArgument);
    text.push_str(&list(
        compared,
        ("~", YELLOW, "narrower by argument"),
        &by_argument,
        verbose,
    ));
    if verbose {
        text.push_str(&list(
            compared,
            ("-", GREEN, "no longer reachable"),
            &whole,
            false,
        ));
        let changed: Vec<&Change> = difference.changed.iter().collect();
        text.push_str(&list(
            compared,
            ("*", "", "answered in another way"),
            &changed,
            false,
        ));
    } else {
        text.push_str(&folded(&whole));
        text.push_str(&changed(&difference.changed));
    }
    text.push('\n');
    text.push_str(&count_line(difference, compared.outside));
    text + &unknown_names(difference)
}

/// What got wider, the worst first, each with its cause.
fn wider(compared: &Compared<'_>, verbose: bool) -> String {
    if compared.difference.wider.is_empty() {
        return String::new();
    }
    let count = calls(&compared.difference.wider);
    let mut text = format!("  {RED}+ {count} wider{PLAIN}\n");
    for row in compared.wider() {
        text.push_str(&line(compared, &row));
        text.push_str(&judgement(&row));
        text.push_str(&causes(&row));
        if verbose {
            text.push_str(&rules(row.change));
        }
    }
    text
}

/// What recordings have and is not permitted any more: the program will miss it.
fn missed(compared: &Compared<'_>, verbose: bool) -> String {
    let rows = compared.missed();
    if rows.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "  {RED}! {} no longer reachable, though recorded{PLAIN}\n",
        calls(rows.iter().map(|row| row.change))
    );
    let shown = if verbose { usize::MAX } else { MISSED };
    for row in rows.iter().take(shown) {
        text.push_str(&line(compared, row));
        text.push_str(&causes(row));
    }
    if let Some(more) = rows.len().checked_sub(shown).filter(|more| *more > 0) {
        add(
            &mut text,
            format_args!("      and {more} more (-v lists them)\n"),
        );
    }
    text
}

fn list(
    compared: &Compared<'_>,
    (sign, color, title): (&str, &str, &str),
    changes: &[&Change],
    with_rules: bool,
) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let count = calls(changes.iter().copied());
    let mut text = format!("  {color}{sign} {count} {title}{PLAIN}\n");
    for row in compared.together(changes) {
        text.push_str(&line(compared, &row));
        if row.change.extent == Extent::ByArgument && compared.cause(row.change).is_some() {
            text.push_str(&causes(&row));
        }
        if with_rules {
            text.push_str(&rules(row.change));
        }
    }
    text
}

/// What gets farther, the worst first: what each call gets from both, and by which rules.
pub(crate) fn wider_with_rules(compared: &Compared<'_>, page: Page) -> String {
    let lines = compared.wider().into_iter().map(|row| {
        let arches = line_on(row.change, Some(&row.arches));
        arches + &judgement(&row) + &causes(&row) + &rules(row.change)
    });
    page.wrapped(&lines.collect::<String>())
}

/// The line on Docker's default and the risk.
fn judgement(row: &Row<'_>) -> String {
    let parts: Vec<String> = row
        .default()
        .map(ToOwned::to_owned)
        .into_iter()
        .chain(row.risk())
        .collect();
    if parts.is_empty() {
        return String::new();
    }
    let color = if row.outside == Some(true) { RED } else { "" };
    let end = if color.is_empty() { "" } else { PLAIN };
    format!("{INDENT}{color}{}{end}\n", parts.join("; "))
}

fn causes(row: &Row<'_>) -> String {
    let mut text = String::new();
    for line in &row.causes {
        add(&mut text, format_args!("{INDENT}{}\n", plain(line)));
    }
    text
}

fn line(compared: &Compared<'_>, row: &Row<'_>) -> String {
    let several = compared.difference.arches.len() > 1;
    line_on(row.change, several.then_some(&row.arches))
}

fn line_on(change: &Change, arches: Option<&Vec<Arch>>) -> String {
    let arches = arches.map_or_else(String::new, |arches| {
        let names: Vec<&str> = arches.iter().map(|arch| arch.name()).collect();
        format!("{:<16} ", names.join(","))
    });
    let call = change.call.to_string();
    format!("      {call:<22} {arches}{}\n", answers(change))
}

/// The rules that decide in both, with the arguments of the example.
fn rules(change: &Change) -> String {
    let by = |rules: &[String]| rules.join(", ");
    let (old, new) = (by(&change.old_because), by(&change.new_because));
    if old.is_empty() && new.is_empty() {
        return String::new();
    }
    format!("{INDENT}{old} -> {new}\n")
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
        calls(changes.iter().copied())
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
                let arch = change.arch.name();
                add(
                    &mut text,
                    format_args!("      {arch:<8} {}: {}\n", change.call, answers(change)),
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
            let cells = chunk.join(" ");
            add(
                &mut text,
                format_args!("      {arch}{}\n", cells.trim_end()),
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
        add(&mut text, format_args!("      {count:>4}  {kind}\n"));
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
