//! Inspektor Gadget: `traceloop`, `audit_seccomp` and others that have a column or a field
//! `syscall`, as columns or as JSON.

use std::time::Duration;

use super::by_line::{ByLine, Was};
use super::gather::{Call, Gather, Told};
use super::reader::{Start, has};
use super::{clock, json, text};
use crate::event::{Gap, Outcome, Skip};

/// Reads what gadgets print.
#[derive(Debug, Default)]
pub(super) struct Gadget {
    columns: Option<Columns>,
}

/// Where the columns begin.
#[derive(Debug)]
struct Columns {
    syscall: usize,
    comm: Option<usize>,
    pid: Option<usize>,
    code: Option<usize>,
    time: Option<usize>,
}

/// Whether the start of a log is of a gadget.
pub(super) fn detect(start: &Start<'_>) -> bool {
    let is_json = |line: &[u8]| {
        has(line, "\"syscall\"")
            && has(line, "\"comm\"")
            && (has(line, "\"k8s\"") || has(line, "\"runtime\"") || has(line, "\"mntns"))
    };
    let is_header = |line: &[u8]| header(&String::from_utf8_lossy(line)).is_some();
    start.has_many(is_json) || start.count(is_header) > 0
}

/// `CPU PID COMM SYSCALL PARAMETERS RET` and its like.
fn header(line: &str) -> Option<Columns> {
    let at = |name: &str| {
        line.match_indices(name).map(|(at, _)| at).find(|at| {
            let before = line.get(..*at).unwrap_or_default();
            let after = line.get(at + name.len()..).unwrap_or_default();
            (before.is_empty() || before.ends_with(' '))
                && (after.is_empty() || after.starts_with(' '))
        })
    };
    if line.chars().any(|c| c.is_ascii_lowercase()) {
        return None;
    }
    Some(Columns {
        syscall: at("SYSCALL")?,
        comm: at("COMM"),
        pid: at("PID").or_else(|| at("TID")),
        code: at("CODE"),
        time: at("TIMESTAMP"),
    })
    .filter(|columns| columns.comm.is_some() || columns.pid.is_some())
}

/// The word of a row that begins under a header.
fn cell(line: &str, at: usize) -> Option<&str> {
    line.get(at..)?.split(' ').find(|word| !word.is_empty())
}

/// `openat`, `SYS_OPENAT`.
fn name(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    lower.strip_prefix("sys_").unwrap_or(&lower).to_owned()
}

/// What a filter did, by the name of the action.
fn code(text: &str, to: &mut Gather) -> Option<Outcome> {
    let text = text.trim_start_matches("SECCOMP_RET_").to_ascii_uppercase();
    match text.as_str() {
        "ERRNO" => Some(Outcome::Failed),
        "TRAP" => Some(Outcome::Sigsys),
        "KILL" | "KILL_THREAD" | "KILL_PROCESS" => {
            to.gap(Gap::KilledByFilter);
            Some(Outcome::Sigsys)
        }
        _ => None,
    }
}

impl ByLine for Gadget {
    /// Nanoseconds or a date, in a field or a column.
    fn time(&mut self, line: &str) -> Option<Duration> {
        if let Some(object) = json::object(line) {
            let raw = clock::of_json(&object, "timestamp_raw");
            return raw.or_else(|| clock::of_json(&object, "timestamp"));
        }
        clock::dated(line.get(self.columns.as_ref()?.time?..)?)
    }

    fn line(&mut self, line: &str, to: &mut Gather) -> Was {
        if line.trim_start().starts_with(['{', '[']) {
            return of_json(line, to);
        }
        if let Some(columns) = header(line) {
            self.columns = Some(columns);
            return Was::No(Skip::Decoration);
        }
        let Some(columns) = &self.columns else {
            return Was::Strange;
        };
        let Some(word) = cell(line, columns.syscall) else {
            return Was::Strange;
        };
        let comm = columns.comm.and_then(|at| cell(line, at));
        let program = comm.map(|comm| format!("({})", comm.escape_debug()));
        let pid = columns.pid.and_then(|at| cell(line, at)?.parse().ok());
        let outcome = columns
            .code
            .and_then(|at| cell(line, at))
            .and_then(|text| code(text, to));
        let name = name(text::word(word));
        let call = Call {
            id: Told::Name(&name),
            arch: None,
            program: program.as_deref(),
            pid,
        };
        to.call(call, outcome);
        Was::Call
    }
}

fn of_json(line: &str, to: &mut Gather) -> Was {
    let Some(object) = json::object(line) else {
        // A bracket of an array around the events.
        return if line.trim().len() == 1 {
            Was::No(Skip::Decoration)
        } else {
            Was::Strange
        };
    };
    let Some(word) = json::text(&object, "syscall") else {
        return Was::No(Skip::Event);
    };
    let proc = object.get("proc").and_then(serde_json::Value::as_object);
    let of = proc.unwrap_or(&object);
    let program = json::text(of, "comm").map(|comm| format!("({})", comm.escape_debug()));
    let outcome = json::text(&object, "code").and_then(|text| code(text, to));
    let returned = json::number(&object, "ret").map(super::gather::returned);
    let name = name(word);
    let call = Call {
        id: Told::Name(&name),
        arch: None,
        program: program.as_deref(),
        pid: json::pid(of, "tid").or_else(|| json::pid(of, "pid")),
    };
    to.call(call, outcome.or(returned));
    Was::Call
}
