//! LTTng's system call events as babeltrace prints them:
//! `[19:46:37.917] (+0.000001) host syscall_entry_openat: { cpu_id = 0 }, { dfd = -100 }`.

use std::time::Duration;

use super::by_line::{ByLine, Was};
use super::clock::{self, Midnights};
use super::gather::{Call, Gather, Told};
use super::reader::{Start, has};
use super::text;
use crate::event::{Gap, Skip};

/// Reads such events.
#[derive(Debug, Default)]
pub(super) struct Lttng {
    midnights: Midnights,
}

/// The kinds of events, each with whether it is of a 32-bit program and whether a call begins.
const KINDS: [(&str, bool, bool); 4] = [
    ("compat_syscall_entry_", true, true),
    ("compat_syscall_exit_", true, false),
    ("syscall_entry_", false, true),
    ("syscall_exit_", false, false),
];

/// Whether the start of a log has such events.
pub(super) fn detect(start: &Start<'_>) -> bool {
    start.has_many(|line| {
        (has(line, "syscall_entry_") || has(line, "syscall_exit_")) && has(line, ": {")
    })
}

impl ByLine for Lttng {
    /// The time of a day, or what `--clock-date` and `--clock-seconds` make of it.
    fn time(&mut self, line: &str) -> Option<Duration> {
        let (stamp, _) = line.strip_prefix('[')?.split_once(']')?;
        let time = text::seconds(stamp).or_else(|| clock::dated(stamp));
        time.or_else(|| Some(self.midnights.time(clock::of_day(stamp)?.0)))
    }

    fn line(&mut self, line: &str, to: &mut Gather) -> Was {
        if line.contains("discarded") && line.contains("event") {
            to.gap(Gap::Lost);
            return Was::No(Skip::Message);
        }
        let found = KINDS.iter().find_map(|(mark, compat, enters)| {
            let (before, rest) = line.split_once(mark)?;
            let starts = before.ends_with([' ', ':']) || before.is_empty();
            starts.then_some((rest, *compat, *enters))
        });
        let Some((rest, compat, enters)) = found else {
            return if line.starts_with('[') && line.contains(": {") {
                Was::No(Skip::Event)
            } else {
                Was::Strange
            };
        };
        let name = text::word(rest);
        let field = |name: &str| text::after(rest, name, &[',', ' ', '}']);
        let program = text::after(rest, "procname = \"", &['"'])
            .map(|comm| format!("({})", comm.escape_debug()));
        let tid = field("vtid = ").or_else(|| field(" tid = "));
        let cpu = field("cpu_id = ");
        let id = if name == "unknown" {
            // LTTng has no name for it: `rseq`, `getrandom`, but `vfork` too.
            let Some(number) = field("{ id = ").and_then(|id| id.parse().ok()) else {
                to.gap(Gap::Lost);
                return Was::No(Skip::UnknownName);
            };
            Told::Number(number)
        } else {
            Told::Name(name)
        };
        let call = Call {
            id,
            arch: if compat { to.compat() } else { None },
            program: program.as_deref(),
            // Without a context only the processor tells which exit belongs to which entry.
            pid: tid.or(cpu).and_then(|id| id.parse().ok()),
        };
        if enters {
            to.enter(call);
        } else if let Some(value) = field("ret = ") {
            // Between entry and exit the thread may have gone to another processor.
            if tid.is_some() {
                to.returns(call, Some(value));
            } else {
                return Was::No(Skip::Event);
            }
        } else {
            return Was::No(Skip::Event);
        }
        Was::Call
    }
}
