//! `perf script` of the tracepoints `raw_syscalls:*` (by number) and `syscalls:*` (by name), and
//! the counts of `perf stat`.

use std::time::Duration;

use super::by_line::{ByLine, Was};
use super::gather::{Call, Gather, Told};
use super::reader::{Start, has};
use super::text;
use crate::event::{Gap, Skip};

/// Reads what perf script prints.
#[derive(Debug, Default)]
pub(super) struct PerfScript;

/// Whether the start of a log has such lines.
pub(super) fn detect(start: &Start<'_>) -> bool {
    start.has_many(|line| has(line, "raw_syscalls:sys_e") || has(line, " syscalls:sys_e"))
}

/// Whose an event is: `           multi 30036 [001]  2704.424081: `.
fn whose(before: &str) -> (Option<String>, Option<u32>) {
    let before = match before.find(" [") {
        Some(at) => before.get(..at).unwrap_or_default(),
        None => before,
    };
    let Some((comm, ids)) = before.trim().rsplit_once(' ') else {
        return (None, None);
    };
    // `PID/TID`, or one of them.
    let tid = ids.rsplit('/').next().unwrap_or_default();
    let comm = comm.trim();
    let program = (!comm.is_empty()).then(|| format!("({})", comm.escape_debug()));
    (program, tid.parse().ok())
}

impl ByLine for PerfScript {
    fn time(&mut self, line: &str) -> Option<Duration> {
        let (before, _) = line.split_once("syscalls:sys_")?;
        let before = before.strip_suffix("raw_").unwrap_or(before).trim_end();
        text::seconds(before.strip_suffix(':')?.rsplit(' ').next()?)
    }

    fn end(&mut self, to: &mut Gather) {
        if to.has_vanished() {
            to.gap(Gap::WrongTable);
        }
    }

    fn line(&mut self, line: &str, to: &mut Gather) -> Was {
        if line.starts_with('#') {
            return Was::No(Skip::Decoration);
        }
        if line.contains("PERF_RECORD_LOST") || line.contains("LOST ") {
            to.gap(Gap::Lost);
            return Was::No(Skip::Message);
        }
        let Some((before, event)) = line
            .split_once("raw_syscalls:sys_")
            .or_else(|| line.split_once(" syscalls:sys_"))
        else {
            // Another event, or the stack of one.
            let is_event = line.starts_with(['\t', ' ']) || line.contains(": ");
            return if is_event {
                Was::No(Skip::Event)
            } else {
                Was::Strange
            };
        };
        let (program, pid) = whose(before);
        let call = |id| Call {
            id,
            arch: None,
            program: program.as_deref(),
            pid,
        };
        if let Some(count) = stat_count(before) {
            return match event.strip_prefix("enter_") {
                Some(rest) => {
                    let id = Told::Name(text::word(rest));
                    let call = Call {
                        program: None,
                        pid: None,
                        ..call(id)
                    };
                    if count > 0 {
                        to.calls(call, None, count);
                    }
                    Was::Call
                }
                None => Was::No(Skip::Decoration),
            };
        }
        if let Some(rest) = event.strip_prefix("enter: NR ") {
            return match number(rest) {
                Some(number) => {
                    to.enter(call(Told::Number(number)));
                    Was::Call
                }
                None => Was::No(Skip::Event),
            };
        }
        if let Some(rest) = event.strip_prefix("exit: NR ") {
            return match number(rest) {
                Some(number) => {
                    let value = rest.split_once(" = ").map(|(_, value)| value.trim());
                    to.returns(call(Told::Number(number)), value);
                    Was::Call
                }
                None => Was::No(Skip::Event),
            };
        }
        if let Some(rest) = event.strip_prefix("enter_") {
            to.enter(call(Told::Name(text::word(rest))));
            return Was::Call;
        }
        if let Some(rest) = event.strip_prefix("exit_") {
            let name = text::word(rest);
            let value = rest.split_once(": ").map(|(_, value)| value.trim());
            to.returns(call(Told::Name(name)), value);
            return Was::Call;
        }
        Was::Strange
    }
}

/// The number of a call; `-1` is what the kernel puts where a tracer skipped one.
fn number(text: &str) -> Option<u32> {
    text::word(text).parse().ok()
}

/// `perf stat`: a count alone stands before the event.
fn stat_count(before: &str) -> Option<u64> {
    let digits: String = before.trim().chars().filter(|c| *c != ',').collect();
    digits.parse().ok().filter(|count| *count <= 1 << 48)
}
