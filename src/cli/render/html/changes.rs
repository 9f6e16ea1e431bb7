//! What differs between two profiles.

use maud::{Markup, html};

use super::words::{badge, cut, few, many, program, size};
use crate::cli::render::number;
use crate::cli::report::{ChangeRow, Changes};

/// Rows of one column; profiles for all architectures have thousands.
const MOST: usize = 500;
/// Programs that are named.
const SHOWN: usize = 3;

/// The comparison.
pub(super) fn section(changes: &Changes) -> Markup {
    html! {
        section #changes {
            h2 { "Changes" }
            p.lead {
                code { (cut(&changes.new)) } " against " code { (cut(&changes.old)) } " on "
                (changes.native.name()) ": "
                @if changes.identical { "no changes: both answer alike to every call." }
                @else { (changes.counts.trim_end()) }
            }
            @for (arch, is_new) in &changes.one_sided {
                p { (arch.name()) ": only the " @if *is_new { "new" } @else { "old" } " profile is for it." }
            }
            @if !changes.identical {
                div.sides {
                    (column("Wider", "▲", "y", "Reachable now, and not before", &changes.wider, true))
                    (column("Narrower", "○", "m", "Not reachable any more", &changes.narrower, false))
                }
                (otherwise(changes))
            }
            @if !changes.unknown.is_empty() {
                @let (shown, more) = few(&changes.unknown, MOST);
                p {
                    "Unknown to every architecture, so engines ignore them: "
                    @for (at, name) in shown.iter().enumerate() { @if at > 0 { ", " } code { (cut(name)) } }
                    @if more > 0 { " and " (size(more)) " more" }
                }
            }
        }
    }
}

fn column(
    title: &str,
    symbol: &str,
    class: &str,
    what: &str,
    rows: &[ChangeRow],
    wide: bool,
) -> Markup {
    let (shown, more) = few(rows, MOST);
    html! {
        div.side.(class) {
            h3 { i aria-hidden="true" { (symbol) } " " (title) " " small { (size(rows.len())) } }
            @if rows.is_empty() { p { "Nothing." } }
            @else if wide || rows.len() <= 12 { (list(what, shown, wide)) }
            @else {
                details {
                    summary { (what) ": " (many(rows.len(), "calls")) }
                    (list(what, shown, wide))
                }
            }
            @if more > 0 { p { "And " (many(more, "calls more")) "." } }
        }
    }
}

fn list(what: &str, rows: &[ChangeRow], wide: bool) -> Markup {
    html! {
        ul.changes aria-label=(what) {
            @for row in rows {
                li {
                    code { (cut(&row.call)) } " "
                    @if row.arches.len() > 1 {
                        @let names: Vec<&str> = row.arches.iter().map(|arch| arch.name()).collect();
                        small { (names.join(", ")) } " "
                    }
                    @if wide { (badge(row.about)) " " }
                    @if row.outside { b.outside { "outside Docker's default" } " " }
                    p { (row.old) " → " (row.new) }
                    @if wide {
                        @if let Some(about) = row.about { p { (about.why) } }
                        (makers(row))
                    }
                    @if let Some(example) = &row.example { p { "as with " (example) } }
                }
            }
        }
    }
}

fn makers(row: &ChangeRow) -> Markup {
    let (shown, more) = few(&row.by, SHOWN);
    html! {
        p {
            @if shown.is_empty() { "not recorded" }
            @else { "made by " }
            @for (at, (path, calls)) in shown.iter().enumerate() {
                @if at > 0 { ", " }
                (program(path)) " " small.n { (number(*calls)) }
            }
            @if more > 0 { " and " (many(more, "programs more")) }
        }
    }
}

/// What is refused or allowed in another way, by both answers.
fn otherwise(changes: &Changes) -> Markup {
    let count: usize = changes.otherwise.values().map(Vec::len).sum();
    html! {
        @if count > 0 {
            details {
                summary { (many(count, "calls")) " answered in another way, getting as far" }
                dl {
                    @for ((old, new), calls) in &changes.otherwise {
                        @let (shown, more) = few(calls, MOST);
                        div {
                            dt { (cut(old)) " → " (cut(new)) }
                            dd {
                                (shown.join(", "))
                                @if more > 0 { " and " (size(more)) " more" }
                            }
                        }
                    }
                }
            }
        }
    }
}
