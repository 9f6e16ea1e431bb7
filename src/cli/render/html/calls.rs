//! The table of calls.

use maud::{Markup, html};

use super::words::{badge, cut, few, many, program, size, time};
use crate::cli::render::number;
use crate::cli::report::{Call, Calls, Report, Section, Seen, Stand};

/// Programs, outcomes and values of an argument that are listed.
const SHOWN: usize = 4;
/// Values of an argument that are listed.
const VALUES: usize = 8;

/// The table of an architecture.
pub(super) fn section(section: &Section, report: &Report) -> Markup {
    let arch = section.arch.name();
    let calls = &section.calls;
    html! {
        section id={ (arch) "-calls" } {
            h2 { "Calls" }
            table.calls {
                caption {
                    "Every call that was recorded"
                    @if calls.of_profile { " or that the profile allows" }
                    ", the riskiest first: what it is, who made it, and who allows it."
                }
                thead {
                    tr {
                        th scope="col" { "Call" }
                        th scope="col" { "Risk" }
                        th scope="col" { "Made by" }
                        th scope="col" { "Outcomes" }
                        th scope="col" { "First seen" }
                        th scope="col" { "Arguments" }
                        th scope="col" { "Allowed by" }
                    }
                }
                tbody { @for call in &calls.shown { (row(call, arch, calls, section, report)) } }
            }
            @if calls.more > 0 {
                p { "And " (many(calls.more, "calls more")) " that no table has a name or a number for." }
            }
        }
    }
}

fn row(call: &Call, arch: &str, calls: &Calls, section: &Section, report: &Report) -> Markup {
    // Only a name of a table is made an anchor of.
    let id = call.number.map(|_| format!("{arch}.{}", call.name));
    html! {
        tr id=[id] {
            th scope="row" {
                code { (cut(&call.name)) }
                @if let Some(number) = call.number { " " small { (number) } }
                @if let Some(about) = call.about { p { (about.what) } }
                @else { p { "no table has it" } }
            }
            td { (badge(call.about)) @if let Some(about) = call.about { p { (about.why) } } }
            @match &call.seen {
                Some(seen) => (recorded(seen, section)),
                None => { td.none { "not recorded" } td {} td {} td {} },
            }
            td { (allowed(call, calls, report)) }
        }
    }
}

fn recorded(seen: &Seen, section: &Section) -> Markup {
    html! {
        td { (makers(seen)) }
        td {
            span.n { (number(seen.calls)) @if seen.calls == 1 { " call" } @else { " calls" } }
            (outcomes(seen))
        }
        td { (first(seen)) (runs(seen.runs, section.runs)) }
        td { (arguments(seen)) }
    }
}

fn makers(seen: &Seen) -> Markup {
    let (shown, more) = few(&seen.by, SHOWN);
    html! {
        ul {
            @for caller in shown {
                li {
                    (program(&caller.executable))
                    @if seen.by.len() > 1 { " " small.n { (number(caller.calls)) } }
                }
            }
            @if more > 0 { li { "and " (many(more, "programs more")) } }
        }
    }
}

/// Where the source does not tell how a call ended.
const UNKNOWN: &str = "unknown";

fn outcomes(seen: &Seen) -> Markup {
    // Where nobody looked at results, all are unknown, which says nothing.
    let known = seen.outcomes.iter().any(|(outcome, _)| outcome != UNKNOWN);
    let (shown, more) = few(&seen.outcomes, SHOWN);
    html! {
        @if known {
            ul {
                @for (outcome, calls) in shown {
                    li {
                        @if outcome == UNKNOWN { "not told" } @else { (outcome) }
                        " " small.n { (number(*calls)) }
                    }
                }
                @if more > 0 { li { "and " (size(more)) " more" } }
            }
        }
        @if seen.never_succeeded { p { "never succeeded: it may have been refused while recording" } }
        @if seen.either { p { "or the call that is reported beside it" } }
    }
}

fn first(seen: &Seen) -> Markup {
    let (milliseconds, file, line) = &seen.first;
    html! {
        @match milliseconds {
            Some(milliseconds) => { "at " (time(*milliseconds)) },
            None => { (cut(file)) " " span.n { "line " (line) } },
        }
    }
}

/// In how many of all runs, as a number and a bar.
fn runs(seen: usize, all: usize) -> Markup {
    const WIDTH: usize = 60;
    html! {
        @if all > 1 {
            div.runs {
                svg viewBox={ "0 0 " (WIDTH) " 6" } aria-hidden="true" {
                    rect.all width=(WIDTH) height="6" {}
                    rect.seen width=((seen * WIDTH / all).max(1)) height="6" {}
                }
                " " (size(seen)) " of " (size(all)) " runs"
            }
        }
    }
}

fn arguments(seen: &Seen) -> Markup {
    html! {
        ul {
            @for argument in &seen.arguments {
                @let (shown, more) = few(&argument.values, VALUES);
                li {
                    b { @if argument.name.is_empty() { "argument " (argument.index) } @else { (argument.name) } }
                    ": "
                    @for (at, value) in shown.iter().enumerate() {
                        @if at > 0 { ", " }
                        @if let Some(symbol) = &value.symbol { (cut(symbol)) }
                        @else { (cut(&value.value)) }
                        " " small.n { (number(value.calls)) }
                    }
                    @if more > 0 { ", " (many(more, "values more")) }
                    @if argument.unknown > 0 { "; not seen in " (number(argument.unknown)) }
                }
            }
        }
    }
}

fn allowed(call: &Call, calls: &Calls, report: &Report) -> Markup {
    let why = if call.why.is_empty() {
        "nothing here tells why".to_owned()
    } else {
        call.why.join("; ")
    };
    html! {
        dl {
            (stand("Docker's default", call.default.as_ref()))
            @if let (true, Some(name)) = (calls.of_profile, &report.profile) {
                (stand(&cut(name), call.profile.as_ref()))
                @if call.profile.as_ref().is_some_and(Stand::permits) {
                    div.why { dt { "why" } dd { (why) } }
                }
            }
        }
    }
}

fn stand(who: &str, stand: Option<&Stand>) -> Markup {
    let (class, symbol) = match stand {
        Some(stand) if stand.depends() => ("c", "◐"),
        Some(stand) if stand.permits() => ("u", "●"),
        Some(_) | None => ("y", "×"),
    };
    html! {
        div.(class) {
            dt { (who) }
            dd {
                i aria-hidden="true" { (symbol) } " "
                @if let Some(stand) = stand { (stand.answer) } @else { "no rule can name it" }
            }
        }
    }
}
