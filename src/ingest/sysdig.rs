//! `sysdig` and Falco. Both tell events, of which calls are a part: what the driver does not know
//! is left out or becomes `syscall`, so such a log is never complete.

use super::by_line::{ByLine, Was};
use super::gather::{Call, Gather, Told};
use super::reader::Start;
use super::text;
use crate::event::{Gap, Skip};

/// Reads events.
#[derive(Debug, Default)]
pub(super) struct Sysdig;

/// Events that are no calls.
const NO_CALLS: [&str; 17] = [
    "switch",
    "procexit",
    "procinfo",
    "signaldeliver",
    "page_fault",
    "container",
    "drop",
    "syscall",
    "notification",
    "infra",
    "cpu_hotplug",
    "k8s",
    "mesos",
    "tracer",
    "scapevent",
    "asyncevent",
    "pluginevent",
];

/// Whether the start of a log has events.
pub(super) fn detect(start: &Start<'_>) -> bool {
    let is = |line: &[u8]| {
        std::str::from_utf8(line).is_ok_and(|line| event(line).is_some() || alert(line).is_some())
    };
    start.has_many(is)
}

/// An event: `34378 12:02:36.269753803 2 echo (7896) > close fd=3(/usr/lib/x)`.
struct Event<'a> {
    program: &'a str,
    tid: u32,
    enters: bool,
    name: &'a str,
    rest: &'a str,
}

fn event(line: &str) -> Option<Event<'_>> {
    let (number, rest) = line.trim_start().split_once(' ')?;
    let (time, rest) = rest.split_once(' ')?;
    let (cpu, rest) = rest.split_once(' ')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(number) || !time.contains(':') && !time.contains('.') || !digits(cpu) {
        return None;
    }
    let (at, enters) = match (rest.find(") > "), rest.find(") < ")) {
        (Some(enter), Some(exit)) if exit < enter => (exit, false),
        (Some(enter), _) => (enter, true),
        (None, Some(exit)) => (exit, false),
        (None, None) => return None,
    };
    let (program, tid) = rest.get(..at)?.rsplit_once(" (")?;
    let rest = rest.get(at + 4..)?;
    let name = text::word(rest);
    Some(Event {
        program,
        // `TID.VTID`, `TID:VTID`.
        tid: tid.split(['.', ':']).next()?.parse().ok()?,
        enters,
        name,
        rest: rest.get(name.len()..)?,
    })
}

/// A line of Falco's output that tells the type of an event.
fn alert(line: &str) -> Option<&str> {
    let keys = ["evt_type=", "evt.type=", "\"evt.type\":\"", "syscall="];
    let name = keys
        .iter()
        .find_map(|key| text::after(line, key, &[' ', '"', ',', ')']))?;
    (!name.is_empty() && text::word(name) == name).then_some(name)
}

fn value(rest: &str) -> Option<&str> {
    // `res=0`, `res=-2(ENOENT)`, `fd=3(<f>/etc/x)`, `fd=-2(ENOENT)`.
    text::after(rest, " res=", &[' ', '(']).or_else(|| text::after(rest, " fd=", &[' ', '(']))
}

impl ByLine for Sysdig {
    fn line(&mut self, line: &str, to: &mut Gather) -> Was {
        to.gap(Gap::Selected);
        if let Some(event) = event(line) {
            if event.name == "drop" {
                to.gap(Gap::Lost);
            }
            if NO_CALLS.contains(&event.name) || event.name.is_empty() {
                return Was::No(Skip::Event);
            }
            let program = format!("({})", event.program.trim().escape_debug());
            let call = Call {
                id: Told::Name(event.name),
                arch: None,
                program: Some(&program),
                pid: Some(event.tid),
            };
            if event.enters {
                to.enter(call);
            } else {
                to.returns(call, value(event.rest));
            }
            return Was::Call;
        }
        if let Some(name) = alert(line) {
            let call = Call {
                id: Told::Name(name),
                arch: None,
                program: None,
                pid: None,
            };
            to.call(call, None);
            return Was::Call;
        }
        Was::Strange
    }
}
