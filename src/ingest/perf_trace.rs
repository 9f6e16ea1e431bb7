//! `perf trace`: calls line by line, and the tables of `-s` and `-S`.
//!
//! It names calls by the 64-bit table even for 32-bit programs, so such a trace is wrong in every
//! name and says so nowhere; calls whose number that table lacks are missing. What shows it, on
//! `x86`:
//!
//! - the first argument of a 32-bit `mmap2(NULL, …)` is zero and left out, and number 192 is
//!   `lgetxattr`, which nobody calls without a path;
//! - the execve of a 32-bit program ends as `munmap`, number 11, which did not begin;
//! - in a table, what every such program calls when it starts: `set_thread_area` is
//!   `mq_timedreceive` then, `set_tid_address` is `mkdirat`, `mmap2` and `mprotect` are `lgetxattr`
//!   and `capget`, and there is no `mmap`.

use std::collections::BTreeSet;
use std::time::Duration;

use super::by_line::{ByLine, Was};
use super::gather::{Call, Gather, Told};
use super::reader::Start;
use super::text;
use crate::event::{Gap, Outcome, Skip};

/// Reads traces and tables of perf trace.
#[derive(Debug, Default)]
pub(super) struct PerfTrace {
    table: Option<Table>,
    /// Threads that are in `munmap`.
    unmap: BTreeSet<u32>,
}

/// The table of a process.
#[derive(Debug, Default)]
struct Table {
    program: Option<String>,
    pid: Option<u32>,
    errors: bool,
    /// Calls that tell a 32-bit program from others.
    telling: BTreeSet<&'static str>,
}

const TELLING: [&str; 5] = ["mmap", "lgetxattr", "capget", "mq_timedreceive", "mkdirat"];

impl Table {
    /// Whether it looks like that of a 32-bit program.
    fn is_wrong(&self) -> bool {
        let has = |name| self.telling.contains(name);
        !has("mmap")
            && (has("lgetxattr") && has("capget") || has("mq_timedreceive") && has("mkdirat"))
    }
}

/// Whether the start of a log is of perf trace.
pub(super) fn detect(start: &Start<'_>) -> bool {
    let is = |line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        body(&line).is_some_and(|body| event(body).is_some())
    };
    start.has_many(is) || start.count(|line| line.starts_with(b" Summary of events:")) > 0
}

/// What stands behind `     1.550 ( 0.015 ms): `.
fn body(line: &str) -> Option<&str> {
    let rest = line.trim_start();
    let (time, rest) = rest.split_once(" (")?;
    let is_time = |c: char| c.is_ascii_digit() || c == '.';
    if time != "?" && !time.trim_end().chars().all(is_time) {
        return None;
    }
    let (duration, rest) = rest.split_once("): ")?;
    let duration = duration.trim().trim_end_matches("ms").trim_end();
    duration.chars().all(is_time).then_some(rest)
}

/// A part of a call.
struct Event<'a> {
    program: Option<&'a str>,
    pid: Option<u32>,
    name: &'a str,
    /// Whether it began on another line.
    continued: bool,
    /// How it ends; `None` if it goes on elsewhere.
    end: Option<&'a str>,
    text: &'a str,
}

fn event(body: &str) -> Option<Event<'_>> {
    // The name of a process may hold anything; what follows it is `/TID ` and a call.
    let mut found = None;
    for (slash, _) in body.match_indices('/') {
        let after = body.get(slash + 1..)?;
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0
            && after
                .get(digits..)
                .is_some_and(|rest| rest.starts_with(' '))
        {
            found = Some((slash, digits));
            break;
        }
    }
    let (program, pid, rest) = match found {
        Some((slash, digits)) => {
            let pid = body.get(slash + 1..slash + 1 + digits)?;
            let rest = body.get(slash + 1 + digits..)?;
            (body.get(..slash), pid.parse().ok(), rest.trim_start())
        }
        None => (None, None, body.trim_start()),
    };
    let (rest, continued) = match rest.strip_prefix("... [continued]: ") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let name = text::word(rest);
    if name.is_empty() || !rest.get(name.len()..)?.starts_with('(') {
        return None;
    }
    let text = rest.trim_end();
    let end = if text.ends_with("...") {
        None
    } else {
        // A child returns from its parent's clone, and perf shows no value for that.
        let end = text.rsplit_once("= ").map(|(_, end)| end);
        Some(end.or_else(|| text.ends_with('=').then_some(""))?)
    };
    Some(Event {
        program,
        pid,
        name,
        continued,
        end,
        text,
    })
}

fn outcome(end: &str) -> Option<Outcome> {
    if end.is_empty() {
        return None;
    }
    if end.starts_with('?') {
        return Some(Outcome::NoReturn);
    }
    if let Some(error) = end.strip_prefix("-1 E") {
        let name = end.get(end.len() - error.len() - 1..)?;
        return text::error(name);
    }
    text::return_value(end.split(' ').next()?).or(Some(Outcome::Success))
}

impl ByLine for PerfTrace {
    fn time(&mut self, line: &str) -> Option<Duration> {
        let (milliseconds, _) = line.trim_start().split_once(" (")?;
        Some(text::seconds(milliseconds)? / 1000)
    }

    fn line(&mut self, line: &str, to: &mut Gather) -> Was {
        if let Some(event) = body(line).and_then(event) {
            self.next_table(None, to);
            let program = event
                .program
                .map(|comm| format!("({})", comm.escape_debug()));
            let call = Call {
                id: Told::Name(event.name),
                arch: None,
                program: program.as_deref(),
                pid: event.pid,
            };
            if event.name == "lgetxattr" && event.text.starts_with("lgetxattr(name:") {
                to.gap(Gap::WrongTable);
            }
            if event.name == "munmap"
                && let Some(pid) = event.pid
            {
                let was_in = self.unmap.remove(&pid);
                if event.end.is_none() {
                    self.unmap.insert(pid);
                } else if event.continued && !was_in {
                    to.gap(Gap::WrongTable);
                }
            }
            match (event.continued, event.end) {
                // A child returns from its parent's clone, and perf shows no value for that.
                (true, Some("")) if to.makes_process(&call) => to.birth(call),
                (true, end) => to.exit(call, end.and_then(outcome)),
                (false, Some(end)) => to.call(call, outcome(end)),
                (false, None) => to.enter(call),
            }
            return Was::Call;
        }
        if line.contains("LOST") && line.contains("events") {
            to.gap(Gap::Lost);
            return Was::No(Skip::Message);
        }
        self.table_line(line, to)
    }

    fn end(&mut self, to: &mut Gather) {
        self.next_table(None, to);
    }
}

impl PerfTrace {
    fn next_table(&mut self, next: Option<Table>, to: &mut Gather) {
        let last = std::mem::replace(&mut self.table, next);
        if last.is_some_and(|table| table.is_wrong()) {
            to.gap(Gap::WrongTable);
        }
    }

    fn table_line(&mut self, line: &str, to: &mut Gather) -> Was {
        let cells: Vec<&str> = line.split_ascii_whitespace().collect();
        if line.contains("Summary of events") {
            self.next_table(Some(Table::default()), to);
            to.gap(Gap::SummaryOnly);
            return Was::No(Skip::Decoration);
        }
        // ` multi (18732), 16 events, 3.4%`
        if let Some((program, rest)) = line.trim().rsplit_once(" (")
            && let Some((pid, rest)) = rest.split_once("), ")
            && rest.contains(" events, ")
        {
            let table = Table {
                program: Some(format!("({})", program.escape_debug())),
                pid: pid.parse().ok(),
                ..Table::default()
            };
            self.next_table(Some(table), to);
            to.gap(Gap::SummaryOnly);
            return Was::No(Skip::Decoration);
        }
        let Some(table) = &mut self.table else {
            // Other events that were traced besides.
            return if body(line).is_some() {
                Was::No(Skip::Event)
            } else {
                Was::Strange
            };
        };
        match cells.as_slice() {
            ["syscall", "calls", rest @ ..] => {
                table.errors = rest.first() == Some(&"errors");
                Was::No(Skip::Decoration)
            }
            [first, ..] if first.starts_with(['(', '-']) => Was::No(Skip::Decoration),
            ["total", ..] => Was::No(Skip::Decoration),
            [name, calls, rest @ ..] => {
                let Ok(calls) = calls.parse::<u64>() else {
                    return Was::Strange;
                };
                table
                    .telling
                    .extend(TELLING.iter().find(|telling| *telling == name));
                let errors = if table.errors { rest.first() } else { None };
                let errors = errors.and_then(|errors| errors.parse::<u64>().ok());
                let failed = errors.unwrap_or_default().min(calls);
                let call = Call {
                    id: Told::Name(name),
                    arch: None,
                    program: table.program.as_deref(),
                    pid: table.pid,
                };
                for (outcome, count) in [
                    (errors.map(|_| Outcome::Success), calls - failed),
                    (Some(Outcome::Failed), failed),
                ] {
                    if count > 0 {
                        to.calls(call, outcome, count.min(1 << 48));
                    }
                }
                Was::Call
            }
            _ => Was::Strange,
        }
    }
}
