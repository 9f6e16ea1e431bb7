//! The numbers, and what is missing.

use maud::{Markup, html};

use super::words::{cut, few, many, size};
use crate::cli::render::{number, screen};
use crate::cli::report::{Losses, Report, Section};

/// Names in a sentence.
const NAMES: usize = 8;

/// The first part of a page.
pub(super) fn section(report: &Report) -> Markup {
    let losses = &report.losses;
    html! {
        section #numbers {
            h2 { "Numbers" }
            (missing(losses))
            @for section in &report.sections { (sentences(section, report)) }
            ul.tiles {
                (tile(&number(report.calls), "calls", &format!("in {}", many(report.run_count, "runs"))))
                (tile(&number(report.processes), "processes and threads",
                    &format!("of {}", many(report.programs, "programs"))))
                @for section in &report.sections { (of_architecture(section, report)) }
                (loss(losses.lost, "lost", "calls that were seen and not kept"))
                (loss(losses.gaps, "gaps", "reasons why calls are missing"))
                (loss(losses.not_understood, "not understood", "lines of logs"))
            }
        }
    }
}

fn tile(value: &str, what: &str, more: &str) -> Markup {
    html! { li { strong { (value) } span { (what) } small { (more) } } }
}

fn loss(count: u64, what: &str, more: &str) -> Markup {
    let class = if count == 0 { "fine" } else { "bad" };
    html! {
        li.(class) {
            strong { (number(count)) }
            span { (what) @if count == 0 { " " i aria-hidden="true" { "✓" } } }
            small { (more) }
        }
    }
}

fn of_architecture(section: &Section, report: &Report) -> Markup {
    let on = if report.sections.len() > 1 {
        format!(" on {}", section.arch)
    } else {
        String::new()
    };
    let map = &section.map;
    html! {
        (tile(&size(map.kinds), &format!("kinds of calls{on}"),
            &format!("Docker's default allows {}", size(map.default_allows))))
        (tile(&size(map.inside), &format!("inside Docker's default{on}"), "of those that were recorded"))
        li class=(if map.outside.is_empty() { "fine" } else { "bad" }) {
            strong { (size(map.outside.len())) }
            span {
                "outside Docker's default" (on)
                @if map.outside.is_empty() { " " i aria-hidden="true" { "✓" } }
            }
            small { "of those that were recorded" }
        }
        @if map.of_profile {
            (tile(&size(map.profile_allows), &format!("allowed by the profile{on}"),
                &fewer(map.profile_allows, map.default_allows)))
        }
    }
}

/// `71 % fewer than Docker's default`
fn fewer(profile: usize, default: usize) -> String {
    match default.checked_sub(profile) {
        Some(less) if less > 0 => {
            format!(
                "{} % fewer than Docker's default",
                less * 100 / default.max(1)
            )
        }
        Some(_) => "as many as by Docker's default".to_owned(),
        None => "more than by Docker's default".to_owned(),
    }
}

/// What the numbers of an architecture mean.
fn sentences(section: &Section, report: &Report) -> Markup {
    let map = &section.map;
    let (outside, more) = few(&map.outside, NAMES);
    let (absent, more_absent) = few(&map.absent, NAMES);
    let (lacking, more_lacking) = few(&map.lacking, NAMES);
    html! {
        p.lead {
            @if report.sections.len() > 1 { b { (section.arch.name()) ": " } }
            (many(map.kinds, "kinds of calls")) " in "
            (screen::processes(section.programs.processes)) " of "
            (many(section.programs.all, "programs")) ". "
            @if outside.is_empty() && absent.is_empty() { "All are inside Docker's default. " }
            @else if outside.is_empty() { "None is outside Docker's default. " }
            @else {
                @if map.outside.len() == 1 { "One is" } @else { (size(map.outside.len())) " are" }
                " outside Docker's default: " (names(outside, more)) ". "
            }
            @if !absent.is_empty() {
                (names(absent, more_absent)) " gets ENOSYS there, on which callers fall back. "
            }
            @if map.of_profile {
                "The profile allows " (size(map.profile_allows)) " calls where Docker's default allows "
                (size(map.default_allows)) ". "
            }
        }
        @if !lacking.is_empty() {
            p.warn {
                i aria-hidden="true" { "▲" } " "
                "Recorded, allowed by Docker's default, and refused by the profile: "
                (names(lacking, more_lacking)) "."
            }
        }
    }
}

/// A few names of calls, and how many more.
fn names(shown: &[String], more: usize) -> Markup {
    html! {
        @for (at, name) in shown.iter().enumerate() {
            @if at > 0 { ", " }
            code { (cut(name)) }
        }
        @if more > 0 { " and " (size(more)) " more" }
    }
}

fn missing(losses: &Losses) -> Markup {
    if losses.lines.is_empty() {
        return html! {
            p.ok { i aria-hidden="true" { "✓" } " Nothing is known to be missing from the recordings." }
        };
    }
    html! {
        div.missing role="note" {
            h3 { i aria-hidden="true" { "▲" } " What is missing" }
            ul {
                @for line in &losses.lines { li { (cut_line(line)) } }
                @if losses.more > 0 { li { "and " (many(losses.more, "lines more")) } }
            }
        }
    }
}

/// A line with a text of a log in it is longer than a name.
fn cut_line(line: &str) -> String {
    const LONGEST: usize = 400;
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    line.chars().take(LONGEST).chain("…".chars()).collect()
}
