//! The kernel's own trace (`/sys/kernel/tracing/trace`) and `trace-cmd report`: `sys_enter` and
//! `sys_exit` by number, `sys_enter_openat` by name, and `sys_openat(…)`, `sys_openat -> 0x3`.

use std::time::Duration;

use super::by_line::{ByLine, Was};
use super::gather::{Call, Gather, Told};
use super::reader::{Start, has};
use super::text;
use crate::event::{Gap, Skip};

/// Reads such traces.
#[derive(Debug, Default)]
pub(super) struct Ftrace;

/// Whether the start of a log is such a trace.
pub(super) fn detect(start: &Start<'_>) -> bool {
    let is = |line: &[u8]| {
        has(line, ": sys_") && !has(line, "syscalls:sys_") && has(line, " [") && has(line, "-")
    };
    let header = |line: &[u8]| line.starts_with(b"# tracer: ");
    start.has_many(is) || start.count(header) > 0
}

/// Whose an event is and what it says: `  int80-4050  [001] .....  2738.593582: sys_…`.
fn split(line: &str) -> Option<(String, u32, &str)> {
    let (before, event) = line.split_once(": ")?;
    let (task, _) = before.split_once(" [")?;
    // A group of threads may stand between: `task-12 ( 12) [001]`; a task's name may hold `-`.
    let task = match task.trim().split_once(" (") {
        Some((task, _)) => task.trim(),
        None => task.trim(),
    };
    let (comm, pid) = task.rsplit_once('-')?;
    let program = format!("({})", comm.escape_debug());
    Some((program, pid.parse().ok()?, event.trim_start()))
}

impl ByLine for Ftrace {
    fn time(&mut self, line: &str) -> Option<Duration> {
        let (before, _) = line.split_once(": ")?;
        text::seconds(before.rsplit(' ').next()?)
    }

    fn end(&mut self, to: &mut Gather) {
        if to.has_vanished() {
            to.gap(Gap::WrongTable);
        }
    }

    fn line(&mut self, line: &str, to: &mut Gather) -> Was {
        if line.contains("LOST") && line.contains("EVENTS") || line.contains("EVENTS DROPPED") {
            to.gap(Gap::Lost);
            return Was::No(Skip::Message);
        }
        if let Some(counts) = text::after(line, "entries-in-buffer/entries-written: ", &[' ']) {
            if counts.split_once('/').is_some_and(|(has, had)| has != had) {
                to.gap(Gap::Lost);
            }
            return Was::No(Skip::Decoration);
        }
        if line.starts_with('#') || line.starts_with("cpus=") || line.starts_with("version = ") {
            return Was::No(Skip::Decoration);
        }
        let Some((program, pid, event)) = split(line) else {
            return Was::Strange;
        };
        let call = |id| Call {
            id,
            arch: None,
            program: Some(&program),
            pid: Some(pid),
        };
        let Some(rest) = event.strip_prefix("sys_") else {
            return Was::No(Skip::Event);
        };
        let name = text::word(rest);
        let after = rest.get(name.len()..).unwrap_or_default();
        match (name, after.strip_prefix(':').map(str::trim_start)) {
            ("enter" | "exit", Some(after)) => {
                let Some(after) = after.strip_prefix("NR ") else {
                    return Was::Strange;
                };
                let Ok(number) = text::word(after).parse() else {
                    // `NR -1` stands for a call that a tracer skipped.
                    return Was::No(Skip::Event);
                };
                let id = Told::Number(number);
                if name == "enter" {
                    to.enter(call(id));
                } else {
                    let value = after.split_once("= ").map(|(_, value)| value.trim());
                    to.returns(call(id), value);
                }
            }
            (name, Some(after)) => {
                match (name.strip_prefix("enter_"), name.strip_prefix("exit_")) {
                    (Some(name), _) => to.enter(call(Told::Name(name))),
                    (_, Some(name)) => to.returns(call(Told::Name(name)), Some(after)),
                    (None, None) => return Was::No(Skip::Event),
                }
            }
            (name, None) => {
                if after.starts_with('(') {
                    to.enter(call(Told::Name(name)));
                } else if let Some(value) = after.trim_start().strip_prefix("-> ") {
                    to.returns(call(Told::Name(name)), Some(value.trim()));
                } else {
                    return Was::Strange;
                }
            }
        }
        Was::Call
    }
}
