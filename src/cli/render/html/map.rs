//! The map against Docker's default.

use maud::{Markup, html};

use super::words::{many, size};
use crate::cli::report::{Cell, Map, Report, Section, State};

/// The map of an architecture.
pub(super) fn section(section: &Section, report: &Report) -> Markup {
    let arch = section.arch.name();
    let map = &section.map;
    let subject = if map.of_profile {
        "the profile"
    } else {
        "the recordings"
    };
    html! {
        section id={ (arch) "-map" } {
            h2 { "Map against Docker's default" }
            p {
                "Every call that " (arch) " has, by subsystem, as " (subject) " and " (report.default)
                " stand to it for this container."
                @if section.native != section.arch { " The engine is one of " (section.native.name()) "." }
            }
            (bar(map, arch))
            ul.legend {
                @for state in State::ALL {
                    li.(class(state)) {
                        i aria-hidden="true" { (symbol(state)) } " "
                        b { (size(map.counts.get(&state).copied().unwrap_or_default())) " " (word(state, map)) }
                        " " span { (meaning(state, map)) }
                    }
                }
            }
            div.groups {
                @for (group, cells) in &map.groups {
                    div.group {
                        @let used = cells.iter().filter(|cell| cell.used).count();
                        h3 {
                            (group.name()) " "
                            small { (used) " of " (cells.len()) }
                        }
                        ul { @for it in cells { (cell(it, map, arch)) } }
                    }
                }
            }
        }
    }
}

fn cell(cell: &Cell, map: &Map, arch: &str) -> Markup {
    let mut title = cell.what.to_owned();
    if let Some(note) = &cell.note {
        title.push_str("; Docker's default: ");
        title.push_str(note);
    }
    if map.of_profile && cell.used && !cell.seen {
        title.push_str("; not recorded");
    }
    html! {
        li.(class(cell.state)).o[!cell.used && cell.state == State::Conditional] title=(title) {
            i aria-hidden="true" { (symbol(cell.state)) }
            @if cell.used || cell.seen { a href={ "#" (arch) "." (cell.name) } { (cell.name) } }
            @else { (cell.name) }
            b { ", " (word(cell.state, map)) @if cell.state == State::Conditional && !cell.used { ", not used" } }
        }
    }
}

/// How the calls are shared out among the states.
fn bar(map: &Map, arch: &str) -> Markup {
    const WIDTH: usize = 1000;
    let all: usize = map.counts.values().sum();
    let mut parts = Vec::new();
    let mut from = 0;
    for state in State::ALL {
        let count = map.counts.get(&state).copied().unwrap_or_default();
        let until = from + count;
        let x = from * WIDTH / all.max(1);
        parts.push((state, count, x, until * WIDTH / all.max(1) - x));
        from = until;
    }
    let words: Vec<String> = parts
        .iter()
        .map(|(state, count, ..)| format!("{count} {}", word(*state, map)))
        .collect();
    let id = format!("{arch}-bar");
    html! {
        svg.bar viewBox={ "0 0 " (WIDTH) " 24" } preserveAspectRatio="none" role="img"
            aria-labelledby={ (id) "-t " (id) "-d" } {
            title id={ (id) "-t" } { (many(all, "calls of ")) (arch) ", by how they stand" }
            desc id={ (id) "-d" } { (words.join(", ")) }
            @for (state, _, x, width) in &parts {
                @if *width > 0 { rect.(class(*state)) x=(x) y="0" width=(width) height="24" {} }
            }
        }
    }
}

const fn class(state: State) -> &'static str {
    match state {
        State::Used => "u",
        State::Removed => "m",
        State::Conditional => "c",
        State::Beyond => "y",
        State::Blocked => "k",
    }
}

const fn symbol(state: State) -> &'static str {
    match state {
        State::Used => "●",
        State::Removed => "○",
        State::Conditional => "◐",
        State::Beyond => "▲",
        State::Blocked => "×",
    }
}

const fn word(state: State, map: &Map) -> &'static str {
    match state {
        State::Used if map.of_profile => "allowed",
        State::Used => "used",
        State::Removed => "removed",
        State::Conditional => "conditional",
        State::Beyond => "beyond",
        State::Blocked => "blocked by both",
    }
}

const fn meaning(state: State, map: &Map) -> &'static str {
    match (state, map.of_profile) {
        (State::Used, true) => "by the profile and by Docker's default",
        (State::Used, false) => "recorded, and allowed by Docker's default",
        (State::Removed, true) => "allowed by Docker's default, and not by the profile",
        (State::Removed, false) => {
            "allowed by Docker's default, and not recorded: a profile takes it away"
        }
        (State::Conditional, true) => {
            "allowed with some arguments only; an outline is one that the profile does not allow"
        }
        (State::Conditional, false) => {
            "allowed by Docker's default with some arguments only, or answered ENOSYS, on which callers fall back; \
             an outline is one that was not recorded"
        }
        (State::Beyond, true) => "allowed by the profile where Docker's default refuses",
        (State::Beyond, false) => "recorded, and refused by Docker's default",
        (State::Blocked, true) => "refused by the profile and by Docker's default",
        (State::Blocked, false) => "not recorded, and refused by Docker's default",
    }
}
