//! gVisor's own strace (`runsc --strace`) and Go's, which print the entry (`E`) and the exit (`X`)
//! of a call. What is there is what the program asked of gVisor, not what gVisor asked of the host.

use std::time::Duration;

use super::by_line::{ByLine, Was};
use super::clock;
use super::gather::{Call, Gather, Told};
use super::reader::{Start, has};
use super::text;
use crate::event::{Errno, Outcome, Skip};

/// Reads such logs.
#[derive(Debug, Default)]
pub(super) struct Gvisor {
    /// Messages begin with their time. What does not is the rest of one.
    stamped: bool,
}

/// Whether the start of a log has such lines.
pub(super) fn detect(start: &Start<'_>) -> bool {
    start.count(|line| std::str::from_utf8(line).is_ok_and(|line| event(line).is_some())) > 0
}

/// A line of gVisor's JSON.
fn is_json(line: &str) -> bool {
    line.starts_with("{\"msg\":\"") && line.contains("\",\"level\":\"")
}

/// Whether the start of a log is of gVisor, whatever stands in it: it tells hundreds of things
/// before the first call.
pub(super) fn detect_system(start: &Start<'_>) -> bool {
    let is_log = |line: &[u8]| {
        std::str::from_utf8(line).is_ok_and(|line| {
            clock::of_go(line).is_some() && line.contains(".go:") || is_json(line)
        })
    };
    start.has_many(is_log) && start.count(|line| is_log(line) && has(line, "runsc")) > 0
}

struct Event<'a> {
    program: Option<&'a str>,
    tid: Option<u32>,
    enters: bool,
    name: &'a str,
    rest: &'a str,
}

/// `… strace.go:561] [   1:   1] bash E openat(AT_FDCWD /app, …)`, or `[pid 4007] X pread64(…`.
fn event(line: &str) -> Option<Event<'_>> {
    let (ids, rest) = match line.split_once("strace.go:") {
        Some((_, rest)) => {
            let (_, rest) = rest.split_once("] [")?;
            rest.split_once("] ")?
        }
        // gVisor's JSON leaves out where it comes from.
        None => match line.strip_prefix("{\"msg\":\"[") {
            Some(rest) => rest.split_once("] ")?,
            None => line.strip_prefix("[pid ")?.split_once("] ")?,
        },
    };
    let tid = ids.rsplit(':').next()?.trim().parse().ok();
    // The name of the process may hold blanks; the letter stands alone.
    let rest = format_start(rest);
    let (program, enters, call) = rest?;
    let name = text::word(call);
    let rest = call.get(name.len()..)?;
    if name.is_empty() || !rest.starts_with('(') {
        return None;
    }
    Some(Event {
        program: (!program.is_empty()).then_some(program),
        tid,
        enters,
        name,
        rest,
    })
}

fn format_start(rest: &str) -> Option<(&str, bool, &str)> {
    for (mark, enters) in [("E ", true), ("X ", false)] {
        if let Some(call) = rest.strip_prefix(mark) {
            return Some(("", enters, call));
        }
    }
    let enter = rest.find(" E ").map(|at| (at, true));
    let exit = rest.find(" X ").map(|at| (at, false));
    let (at, enters) = [enter, exit].into_iter().flatten().min()?;
    Some((rest.get(..at)?, enters, rest.get(at + 3..)?))
}

fn outcome(rest: &str) -> Option<Outcome> {
    if let Some(number) = text::after(rest, " errno=", &[' ', '(']) {
        let number: u16 = number.parse().ok()?;
        return Some(if (512..=516).contains(&number) {
            Outcome::Interrupted
        } else {
            Outcome::Error(Errno::numbered(number))
        });
    }
    let (_, value) = rest.rsplit_once(") = ")?;
    text::return_value(value.split(' ').next()?)
}

impl ByLine for Gvisor {
    /// gVisor's own time, or that of its JSON or of the container's log.
    fn time(&mut self, line: &str) -> Option<Duration> {
        clock::of_go(line).or_else(|| clock::dated(text::after(line, "\"time\":\"", &['"'])?))
    }

    fn line(&mut self, line: &str, to: &mut Gather) -> Was {
        let Some(event) = event(line) else {
            // gVisor logs much else.
            self.stamped |= clock::of_go(line).is_some();
            let is_log = self.stamped
                || line.contains(".go:")
                || line.starts_with(['D', 'I', 'W', 'E', '{']);
            return if is_log {
                Was::No(Skip::Message)
            } else {
                Was::Strange
            };
        };
        let program = event
            .program
            .map(|name| format!("({})", name.trim().escape_debug()));
        let number = event.name.strip_prefix("sys_").and_then(|n| n.parse().ok());
        let call = Call {
            id: number.map_or(Told::Name(event.name), Told::Number),
            arch: None,
            program: program.as_deref(),
            pid: event.tid,
        };
        if event.enters {
            to.enter(call);
        } else {
            to.exit(call, outcome(event.rest));
        }
        Was::Call
    }
}
