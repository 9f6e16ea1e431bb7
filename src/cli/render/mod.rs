//! What people read: the words and columns of results, notes and warnings.

pub(crate) mod block;
pub(crate) mod check;
pub(crate) mod ci;
pub(crate) mod contained;
pub(crate) mod denied;
pub(crate) mod difference;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod floor;
pub(crate) mod generated;
pub(crate) mod github;
pub(crate) mod html;
pub(crate) mod imported;
pub(crate) mod installed;
pub(crate) mod lines;
pub(crate) mod lint;
pub(crate) mod manual;
pub(crate) mod markdown;
pub(crate) mod pieces;
pub(crate) mod reasons;
pub(crate) mod recorded;
pub(crate) mod reference;
pub(crate) mod sarif;
pub(crate) mod screen;
pub(crate) mod shell;
pub(crate) mod tried;
pub(crate) mod verified;
pub(crate) mod wrap;

use std::fmt::{self, Write as _};

use callsieve::event::Skip;
use callsieve::recording::{Recording, Run};
use callsieve::syscalls::{Risk, about};
use serde::Serialize;

use super::ui::Ui;

/// Adds to a text.
pub(crate) fn add(text: &mut String, more: fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _infallible = text.write_fmt(more);
}

/// JSON for machines: sorted keys, two blanks a level, a line end at the end.
pub(crate) fn json(value: &impl Serialize) -> String {
    // Maps with string keys, numbers and strings always serialise.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    printable(text)
}

/// JSON in which names from outside can do no harm to a terminal: what does not print is
/// escaped. JSON leaves DEL, the controls above it and those of writing direction as they are.
pub(crate) fn printable(json: String) -> String {
    if json.bytes().all(|b| b != 0x7f && b.is_ascii()) {
        return json;
    }
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\u{7f}' && (c.is_ascii() || c.escape_debug().len() == 1) {
            text.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string does not fail.
            let _infallible = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

/// Text from outside on one line, safe for a terminal: what does not print is escaped. Made safe
/// twice it stays the same.
pub(crate) fn safe(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '"' | '\'' | '\\') {
            line.push(c);
        } else {
            line.extend(c.escape_debug());
        }
    }
    // What runs a step of GitHub Actions takes this for a command, wherever it stands in a line.
    line.replace("##[", "#\\u{23}[")
}

/// Class and reason of a call that a reviewer should look at; `None` for daily work.
pub(crate) fn risk(name: &str) -> Option<String> {
    let about = about(name).filter(|about| about.risk >= Risk::Watch)?;
    Some(format!("risk {}", about.judgement()))
}

/// `12 345`
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// `1 call`, `12 calls`: a number and what is counted, of which the first word is a plural.
pub(crate) fn counted(count: u64, what: &str) -> String {
    let what = match what.split_once(' ') {
        Some((plural, rest)) if count == 1 => {
            format!("{} {rest}", plural.strip_suffix('s').unwrap_or(plural))
        }
        None if count == 1 => what.strip_suffix('s').unwrap_or(what).to_owned(),
        Some(_) | None => what.to_owned(),
    };
    format!("{} {what}", number(count))
}

/// `1 system call`, `12 system calls`
pub(crate) fn system_calls(count: usize) -> String {
    match count {
        1 => "1 system call".to_owned(),
        count => format!("{} system calls", number(pieces::number_of(count))),
    }
}

/// One line on what a run holds.
pub(crate) fn run_summary(run: &Run) -> String {
    let kinds: Vec<String> = run
        .calls
        .iter()
        .map(|(arch, calls)| format!("{} on {arch}", calls.len()))
        .collect();
    let count: u64 = run.executables.values().map(|e| e.processes).sum();
    let name = match run.files.as_slice() {
        [] => "a run".to_owned(),
        [name] => safe(name),
        [first, .., last] => format!("{} to {}", safe(first), safe(last)),
    };
    format!(
        "{name}: {} in {}, {}; syscalls: {}",
        counted(run.tally.calls, "calls"),
        counted(run.tally.lines, "lines"),
        screen::processes(count),
        kinds.join(", ")
    )
}

/// Says what is missing from a recording, and what could not be used of its sources.
pub(crate) fn warn_of_losses(recording: &Recording, ui: &Ui) {
    for line in losses(recording) {
        ui.warn(&line);
    }
}

/// What is missing from a recording, and what could not be used of its sources, a line each.
pub(crate) fn losses(recording: &Recording) -> Vec<String> {
    let mut lines = Vec::new();
    for (_, run) in recording.runs() {
        let name = run
            .files
            .first()
            .map_or_else(|| "a run".to_owned(), |name| safe(name));
        for gap in recording.gaps_of(run) {
            lines.push(format!("{name} is incomplete: {gap}"));
        }
        for (skip, what) in [
            (Skip::Lost, "calls that could not be kept"),
            (Skip::NotUnderstood, "lines that were not understood"),
            (
                Skip::UnknownName,
                "calls of a name that no architecture knows",
            ),
            (
                Skip::ResumedOnly,
                "calls without a beginning in the log, counted all the same",
            ),
            (
                Skip::Unterminated,
                "calls without an end in the log, counted all the same",
            ),
            (
                Skip::TooLong,
                "lines over 1 MiB, the results of which are not known",
            ),
        ] {
            let count = run.tally.skipped(skip);
            if count > 0 {
                lines.push(format!("{name}: {}", counted(count, what)));
            }
        }
        for example in &run.tally.examples {
            let like = match example.lines {
                0 | 1 => String::new(),
                lines => format!(" ({} like it)", counted(lines, "lines")),
            };
            lines.push(format!(
                "{name} line {}: `{}`{like}",
                example.line, example.text
            ));
        }
    }
    lines
}
