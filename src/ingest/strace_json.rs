//! strace's proposed JSON lines (`-B jsonl`):
//! `{"event":"syscall","pid":7,"syscall":{"type":"syscall","name":"openat","scno":"257"},"entering":true}`.
//! The proposal may change; what is read is what stands above.

use super::by_line::{ByLine, Was};
use super::gather::{Call, Gather, Told};
use super::json;
use super::reader::{Start, has};
use crate::event::Skip;

/// Reads such lines.
#[derive(Debug, Default)]
pub(super) struct StraceJson;

/// Whether the start of a log has such lines.
pub(super) fn detect(start: &Start<'_>) -> bool {
    start.has_many(|line| line.starts_with(b"{") && has(line, "\"event\"") && has(line, "\"scno\""))
}

impl ByLine for StraceJson {
    fn line(&mut self, line: &str, to: &mut Gather) -> Was {
        let Some(object) = json::object(line) else {
            return Was::Strange;
        };
        let Some(event) = json::text(&object, "event") else {
            return Was::Strange;
        };
        let syscall = object.get("syscall").and_then(serde_json::Value::as_object);
        let (Some(syscall), "syscall") = (syscall, event) else {
            return Was::No(Skip::Event);
        };
        let entering = object.get("entering").and_then(serde_json::Value::as_bool);
        let number = json::number(syscall, "scno").and_then(|number| u32::try_from(number).ok());
        let id = match (json::text(syscall, "name"), number) {
            (Some(name), _) => Told::Name(name),
            (None, Some(number)) => Told::Number(number),
            (None, None) => return Was::Strange,
        };
        let call = Call {
            id,
            arch: None,
            program: None,
            pid: json::pid(&object, "pid"),
        };
        if entering == Some(false) {
            let outcome = json::number(&object, "retval").map(super::gather::returned);
            to.exit(call, outcome);
        } else {
            to.enter(call);
        }
        Was::Call
    }
}
