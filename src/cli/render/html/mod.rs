//! A report as one HTML file: no script, no reference to anything outside, escaped.

mod calls;
mod changes;
mod curve;
mod head;
mod map;
mod numbers;
mod programs;
mod words;

use maud::{DOCTYPE, Markup, html};

use crate::cli::report::{Report, Section};

/// The page.
pub(crate) fn page(report: &Report) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            (head::head(report))
            body {
                (head::header(report))
                (contents(report))
                main {
                    (numbers::section(report))
                    @if let Some(changes) = &report.changes { (changes::section(changes)) }
                    @for section in &report.sections { (architecture(section, report)) }
                }
                (head::footer(report))
            }
        }
    };
    words::printable(&markup.into_string())
}

/// Links to the parts.
fn contents(report: &Report) -> Markup {
    html! {
        nav aria-label="Parts of this page" {
            ul {
                li { a href="#numbers" { "Numbers" } }
                @if report.changes.is_some() { li { a href="#changes" { "Changes" } } }
                @for section in &report.sections {
                    @let arch = section.arch.name();
                    @if report.sections.len() > 1 { li.arch { (arch) } }
                    @for (id, title) in PARTS {
                        li { a href={ "#" (arch) "-" (id) } { (title) } }
                    }
                }
            }
        }
    }
}

/// The parts of an architecture.
const PARTS: [(&str, &str); 4] = [
    ("discovery", "Discovery"),
    ("map", "Map"),
    ("programs", "Programs"),
    ("calls", "Calls"),
];

fn architecture(section: &Section, report: &Report) -> Markup {
    let arch = section.arch.name();
    html! {
        section id=(arch) {
            @if report.sections.len() > 1 { h2.arch { "Architecture " (arch) } }
            (curve::section(section))
            (map::section(section, report))
            (programs::section(section))
            (calls::section(section, report))
        }
    }
}
