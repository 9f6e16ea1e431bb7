//! Tracee's events as JSON lines. It tells chosen events: calls by their name, and others with the
//! call during which they came.

use std::time::Duration;

use super::by_line::{ByLine, Was};
use super::gather::{Call, Gather, Told, returned};
use super::reader::{Start, has};
use super::{clock, json};
use crate::arch::Arch;
use crate::event::{Gap, Skip};
use crate::syscalls::canonical;

/// Reads such events.
#[derive(Debug, Default)]
pub(super) struct Tracee;

/// Whether the start of a log has such events.
pub(super) fn detect(start: &Start<'_>) -> bool {
    start.has_many(|line| {
        line.starts_with(b"{") && has(line, "\"eventName\"") && has(line, "\"processName\"")
    })
}

impl ByLine for Tracee {
    /// Nanoseconds, since 1970 or since the machine began, or a date.
    fn time(&mut self, line: &str) -> Option<Duration> {
        clock::of_json(&json::object(line)?, "timestamp")
    }

    fn line(&mut self, line: &str, to: &mut Gather) -> Was {
        let Some(object) = json::object(line) else {
            return Was::Strange;
        };
        to.gap(Gap::Selected);
        let name = json::text(&object, "eventName").unwrap_or_default();
        let is_call = |name: &str| {
            !name.is_empty()
                && Arch::ALL
                    .into_iter()
                    .any(|arch| canonical(arch, name).is_some())
        };
        let compat = object
            .get("contextFlags")
            .and_then(|flags| flags.get("isCompat"))
            .and_then(serde_json::Value::as_bool);
        let program =
            json::text(&object, "processName").map(|name| format!("({})", name.escape_debug()));
        let call = |name| Call {
            id: Told::Name(name),
            arch: None,
            program: program.as_deref(),
            pid: json::pid(&object, "hostThreadId").or_else(|| json::pid(&object, "threadId")),
        };
        if !is_call(name) {
            // Of a call during which something else came it is not known how often it was made.
            let during = json::text(&object, "syscall").filter(|name| is_call(name));
            let Some(during) = during else {
                return Was::No(Skip::Event);
            };
            to.call(call(during), None);
            return Was::Call;
        }
        let call = Call {
            arch: (compat == Some(true)).then(|| to.compat()).flatten(),
            ..call(name)
        };
        to.call(call, json::number(&object, "returnValue").map(returned));
        Was::Call
    }
}
