//! The programs.

use maud::{Markup, html};

use super::words::{cut, few, many, program, size};
use crate::cli::render::{number, screen};
use crate::cli::report::{Program, Section};

/// Names of threads, ends and starters that are listed.
const SHOWN: usize = 8;

/// The programs of an architecture.
pub(super) fn section(section: &Section) -> Markup {
    let arch = section.arch.name();
    let programs = &section.programs;
    let (more, their_own) = programs.more;
    html! {
        section id={ (arch) "-programs" } {
            h2 { "Programs" }
            p {
                "Who started whom, where that is known, and what each needs. A call that one program alone "
                "makes leaves the profile if that program does."
            }
            ol.programs { @for it in &programs.shown { (item(it)) } }
            @if more > 0 {
                p {
                    "And " (many(more, "programs more")) ", which alone make "
                    (many(their_own, "kinds of calls")) "."
                }
            }
        }
    }
}

fn item(it: &Program) -> Markup {
    let depth = match it.depth {
        0 => "d0",
        1 => "d1",
        2 => "d2",
        3 => "d3",
        4 => "d4",
        5 => "d5",
        _ => "d6",
    };
    html! {
        li.(depth) {
            details {
                summary {
                    (program(&it.path)) " "
                    small {
                        (screen::processes(it.processes)) ", "
                        (many(it.only.len() + it.shared_count, "kinds of calls")) ", "
                        @if it.only.is_empty() { "none of its own" }
                        @else { b { (size(it.only.len())) " of its own" } }
                    }
                }
                dl {
                    (row("Started by", &started_by(it)))
                    (row("Names", &texts(&it.names.iter().map(String::as_str).collect::<Vec<_>>())))
                    (row("Ends", &counts(it)))
                    (row("Calls", &html! { (number(it.calls)) }))
                    (row("Only it makes", &calls(&it.only)))
                    @if it.shared_count > 0 && it.shared.is_empty() {
                        (row("Others make too", &html! { (many(it.shared_count, "kinds of calls")) }))
                    } @else {
                        (row("Others make too", &calls(&it.shared)))
                    }
                }
            }
        }
    }
}

fn row(label: &str, value: &Markup) -> Markup {
    html! { @if !value.0.is_empty() { div { dt { (label) } dd { (value) } } } }
}

fn calls(names: &[String]) -> Markup {
    html! {
        @for (at, name) in names.iter().enumerate() {
            @if at > 0 { ", " }
            (cut(name))
        }
    }
}

fn started_by(it: &Program) -> Markup {
    let mut by: Vec<(&String, &u64)> = it.started_by.iter().collect();
    by.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let (shown, more) = few(&by, SHOWN);
    html! {
        @for (at, (name, count)) in shown.iter().enumerate() {
            @if at > 0 { ", " }
            @if name.is_empty() { "the recording, as the first program" }
            @else { code { (cut(name)) } }
            @if **count > 1 { " " (number(**count)) " times" }
        }
        @if more > 0 { ", " (many(more, "programs more")) }
    }
}

fn texts(all: &[&str]) -> Markup {
    let (shown, more) = few(all, SHOWN);
    html! {
        @for (at, text) in shown.iter().enumerate() {
            @if at > 0 { ", " }
            code { (cut(text)) }
        }
        @if more > 0 { ", " (size(more)) " more" }
    }
}

fn counts(it: &Program) -> Markup {
    let ends: Vec<(&String, &u64)> = it.ends.iter().collect();
    let (shown, more) = few(&ends, SHOWN);
    html! {
        @for (at, (end, count)) in shown.iter().enumerate() {
            @if at > 0 { ", " }
            (cut(end))
            @if **count > 1 { " (" (number(**count)) ")" }
        }
        @if more > 0 { ", " (size(more)) " more" }
    }
}
