//! What people read: the words and columns of results, notes and warnings.

pub(crate) mod difference;
pub(crate) mod generated;
pub(crate) mod reasons;

use callsieve::event::Skip;
use callsieve::recording::{Recording, Run};
use serde::Serialize;

use super::ui::Ui;

/// JSON for machines: sorted keys, two blanks a level, a line end at the end.
pub(crate) fn json(value: &impl Serialize) -> String {
    // Maps with string keys, numbers and strings always serialise.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// Text from outside, safe for a terminal.
pub(crate) fn safe(text: &str) -> String {
    text.escape_debug().to_string()
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

/// One line on what a run holds.
pub(crate) fn run_summary(run: &Run) -> String {
    let kinds: Vec<String> = run
        .calls
        .iter()
        .map(|(arch, calls)| format!("{} on {arch}", calls.len()))
        .collect();
    let processes: u64 = run.executables.values().map(|e| e.processes).sum();
    let name = match run.files.as_slice() {
        [] => "a run".to_owned(),
        [name] => safe(name),
        [first, .., last] => format!("{} to {}", safe(first), safe(last)),
    };
    format!(
        "{name}: {} calls in {} lines, {} processes; system calls: {}",
        number(run.tally.calls),
        number(run.tally.lines),
        number(processes),
        kinds.join(", ")
    )
}

/// Says what is missing from a recording, and what could not be used of its sources.
pub(crate) fn warn_of_losses(recording: &Recording, ui: &Ui) {
    for (_, run) in recording.runs() {
        let name = run
            .files
            .first()
            .map_or_else(|| "a run".to_owned(), |name| safe(name));
        for gap in &run.tally.gaps {
            ui.warn(&format!("{name} is incomplete: {gap}"));
        }
        for (skip, what) in [
            (Skip::NotUnderstood, "lines are nothing that strace prints"),
            (
                Skip::UnknownName,
                "calls have a name that no architecture knows",
            ),
            (
                Skip::ResumedOnly,
                "calls have no beginning in the log; they are counted",
            ),
            (
                Skip::Unterminated,
                "calls have no end in the log; they are counted",
            ),
            (
                Skip::TooLong,
                "lines are longer than 1 MiB; their results are not known",
            ),
        ] {
            let count = run.tally.skipped(skip);
            if count > 0 {
                ui.warn(&format!("{name}: {} {what}", number(count)));
            }
        }
        for example in &run.tally.examples {
            ui.warn(&format!("{name} line {}: `{}`", example.line, example.text));
        }
    }
}
