//! The lines about what recordings have of a call.

use std::time::Duration;

use super::rows::{Row, row};
use crate::cli::explanation::{Caller, Recorded, SeenOn};
use crate::cli::render::counted;
use crate::cli::render::pieces::{Line, outside, own};

/// Programs and values that are listed unless `-v` asks for all.
const SHOWN: usize = 5;

/// Who made the call, how often, how it ended, when it was first.
pub(super) fn calls(recorded: &Recorded, verbose: bool) -> Row {
    let all = counted(
        u64::try_from(recorded.recordings).unwrap_or(u64::MAX),
        "recordings",
    );
    if recorded.seen_in == 0 {
        let mut lines = vec![vec![own(format!("in none of {all}"))]];
        lines.extend(runtime(recorded));
        return row("recorded", lines);
    }
    let mut lines = Vec::new();
    let several = recorded.architectures.len() > 1;
    lines.push(vec![own(format!("in {} of {all}", recorded.seen_in))]);
    for (arch, on) in &recorded.architectures {
        let outcomes: Vec<String> = on
            .outcomes
            .iter()
            .map(|(outcome, calls)| format!("{outcome} {calls}"))
            .collect();
        let mut text = if several {
            format!("{arch}: ")
        } else {
            String::new()
        };
        text.push_str(&counted(on.calls, "calls"));
        if !outcomes.is_empty() {
            text.push_str(&format_args!(": {}", outcomes.join(", ")).to_string());
        }
        if on.never_succeeded {
            text.push_str(", so it may have been refused while recording");
        }
        if on.either {
            text.push_str(", or of the call that is reported beside it");
        }
        lines.push(vec![own(text)]);
        let most = if verbose { usize::MAX } else { SHOWN };
        for caller in on.by.iter().take(most) {
            let mut line = vec![own(format!("{} by ", caller.calls))];
            if caller.executable.is_empty() {
                line.push(own("a program that is not told"));
            } else {
                line.push(outside(&caller.executable));
            }
            let names: Vec<&str> = caller.names.iter().map(String::as_str).collect();
            if !names.is_empty() {
                line.extend([own(" ("), outside(&names.join(", ")), own(")")]);
            }
            if recorded.recordings > 1 {
                line.push(own(format!(", in {} of {all}", caller.recordings)));
            }
            line.extend(started_by(caller, verbose));
            lines.push(line);
        }
        lines.extend(more(on.by.len(), most, "programs"));
        lines.extend(first(on));
    }
    lines.extend(runtime(recorded));
    row("recorded", lines)
}

/// What runtimes did beside the programs of containers.
fn runtime(recorded: &Recorded) -> Vec<Line> {
    let mut lines = Vec::new();
    for it in &recorded.runtime {
        let mut line = vec![own(format!(
            "beside that, {} by ",
            counted(it.calls, "calls")
        ))];
        line.push(outside(&it.executable));
        line.push(own(format!(
            ", a container's runtime, {} of them under its filter",
            it.filtered
        )));
        lines.push(line);
    }
    lines
}

/// Where a program comes from: `, started by /usr/bin/dash (3 times), as the first program`.
fn started_by(caller: &Caller, verbose: bool) -> Line {
    let most = if verbose { usize::MAX } else { SHOWN };
    let mut line = Vec::new();
    for (at, (former, times)) in caller.started_by.iter().take(most).enumerate() {
        line.push(own(if at == 0 { ", started " } else { ", " }));
        if former.is_empty() {
            line.push(own("as the first program"));
        } else {
            line.extend([own("by "), outside(former)]);
        }
        if *times > 1 {
            line.push(own(format!(" ({times} times)")));
        }
    }
    let more = caller.started_by.len().checked_sub(most);
    if let Some(more) = more.filter(|more| *more > 0) {
        line.push(own(format!(" and by {more} more (-v)")));
    }
    line
}

/// The first of all: the soonest where times are told, else of the first recording by name.
fn first(on: &SeenOn) -> Option<Line> {
    let timed = on.first.iter().filter(|first| first.milliseconds.is_some());
    let soonest = timed.min_by_key(|first| first.milliseconds);
    let first = soonest.or_else(|| on.first.iter().next())?;
    let mut line = vec![
        own("first in "),
        outside(&first.file),
        own(format!(" line {}", first.line)),
    ];
    if let Some(time) = first.milliseconds {
        let seconds = Duration::from_millis(time).as_secs_f64();
        line.push(own(format!(", {seconds:.3} s after the start")));
    }
    Some(line)
}

/// `and 3 more programs (-v)`
fn more(all: usize, shown: usize, what: &str) -> Option<Line> {
    let more = all.checked_sub(shown).filter(|more| *more > 0)?;
    Some(vec![own(format!("and {more} more {what} (-v)"))])
}

/// Values of arguments that come from a small set.
pub(super) fn arguments(recorded: &Recorded, verbose: bool) -> Option<Row> {
    let mut lines = Vec::new();
    for (arch, on) in &recorded.architectures {
        let several = recorded.architectures.len() > 1;
        for argument in &on.arguments {
            let mut line = Vec::new();
            if several {
                line.push(own(format!("{arch}: ")));
            }
            line.push(own(if argument.name.is_empty() {
                format!("argument {}: ", argument.index)
            } else {
                format!("{} (argument {}): ", argument.name, argument.index)
            }));
            let most = if verbose { usize::MAX } else { 2 * SHOWN };
            for (at, value) in argument.values.iter().take(most).enumerate() {
                if at > 0 {
                    line.push(own(", "));
                }
                match &value.symbol {
                    Some(symbol) => line.push(own(format!("{symbol} ({})", value.value))),
                    None => line.push(outside(&value.value)),
                }
                line.push(own(format!(" {}", value.calls)));
            }
            if argument.unknown > 0 {
                line.push(own(format!("; not seen in {}", argument.unknown)));
            }
            lines.push(line);
            lines.extend(more(argument.values.len(), most, "values"));
        }
    }
    (!lines.is_empty()).then(|| row("arguments", lines))
}
