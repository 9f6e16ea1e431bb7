//! `sysdig` and Falco. Both tell events, of which calls are a part: what the driver does not know
//! is left out or becomes `syscall`, so such a log is never complete.

use std::time::Duration;

use super::by_line::{ByLine, Was};
use super::clock::{self, Midnights};
use super::gather::{Call, Gather, Told};
use super::reader::Start;
use super::text;
use crate::event::{Gap, Skip};

/// Reads events.
#[derive(Debug, Default)]
pub(super) struct Sysdig {
    midnights: Midnights,
}

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

/// Events whose names are not those of calls, or of several: what the driver makes of calls
/// (`syscall_table.c` and `event_table.c` of falcosecurity/libs 2022-03). Later drivers tell some
/// of them apart, and `dup` may then be `dup` alone.
const SEVERAL: [(&str, &[&str]); 25] = [
    ("accept", &["accept", "accept4"]),
    ("dup", &["dup", "dup2", "dup3"]),
    ("eventfd", &["eventfd", "eventfd2"]),
    ("fcntl", &["fcntl", "fcntl64"]),
    ("getegid", &["getegid", "getegid32"]),
    ("geteuid", &["geteuid", "geteuid32"]),
    ("getgid", &["getgid", "getgid32"]),
    ("getresgid", &["getresgid", "getresgid32"]),
    ("getresuid", &["getresuid", "getresuid32"]),
    ("getrlimit", &["getrlimit", "ugetrlimit"]),
    ("getuid", &["getuid", "getuid32"]),
    ("inotify_init", &["inotify_init", "inotify_init1"]),
    ("llseek", &["_llseek"]),
    ("pipe", &["pipe", "pipe2"]),
    ("pread", &["pread64"]),
    ("prlimit", &["prlimit64"]),
    ("pwrite", &["pwrite64"]),
    ("sendfile", &["sendfile", "sendfile64"]),
    ("setgid", &["setgid", "setgid32"]),
    ("setresgid", &["setresgid", "setresgid32"]),
    ("setresuid", &["setresuid", "setresuid32"]),
    ("setuid", &["setuid", "setuid32"]),
    ("signalfd", &["signalfd", "signalfd4"]),
    ("sigreturn", &["sigreturn", "rt_sigreturn"]),
    ("umount", &["umount", "umount2"]),
];

/// The call or the calls that an event is of.
fn told(name: &str) -> Told<'_> {
    match SEVERAL.binary_search_by_key(&name, |(event, _)| event) {
        Ok(at) => SEVERAL
            .get(at)
            .map_or(Told::Name(name), |(_, calls)| Told::OneOf(calls)),
        Err(_) => Told::Name(name),
    }
}

/// Whether the start of a log has events.
pub(super) fn detect(start: &Start<'_>) -> bool {
    let is = |line: &[u8]| {
        std::str::from_utf8(line).is_ok_and(|line| event(line).is_some() || alert(line).is_some())
    };
    start.has_many(is)
}

/// An event: `34378 12:02:36.269753803 2 echo (7896) > close fd=3(/usr/lib/x)`.
struct Event<'a> {
    time: &'a str,
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
        time,
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

/// Seconds that can't be since the log began, as those of other forms may.
const SINCE_1970: Duration = Duration::from_secs(1_000_000_000);

impl ByLine for Sysdig {
    /// The time of a day or a date. Other times of sysdig are since whatever it was told to count
    /// from, which the log does not tell.
    fn time(&mut self, line: &str) -> Option<Duration> {
        let stamp = match event(line) {
            Some(event) => event.time,
            None => text::after(line, "\"time\":\"", &['"']).unwrap_or(line),
        };
        let mut of_day = |stamp| Some(self.midnights.time(clock::of_day(stamp)?.0));
        let since = || text::seconds(stamp).filter(|time| *time > SINCE_1970);
        clock::dated(stamp).or_else(since).or_else(|| of_day(stamp))
    }

    fn line(&mut self, line: &str, to: &mut Gather) -> Was {
        to.gap(Gap::Selected);
        if let Some(event) = event(line) {
            if event.name == "drop" {
                to.gap(Gap::Lost);
            }
            if NO_CALLS.contains(&event.name) {
                return Was::No(Skip::Event);
            }
            if event.name.is_empty() {
                // `<unknown>`: a call that the driver has no name for.
                return Was::No(Skip::UnknownName);
            }
            let program = format!("({})", event.program.trim().escape_debug());
            let call = Call {
                id: told(event.name),
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
                id: told(name),
                arch: None,
                program: None,
                pid: None,
            };
            to.call(call, None);
            return Was::Call;
        }
        Was::Strange
    }

    /// The driver knows the table of 32-bit programs, but no event tells that it is of one.
    fn end(&mut self, to: &mut Gather) {
        to.split_by_names();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_in_their_order() {
        assert!(SEVERAL.is_sorted_by_key(|(event, _)| event));
        for (event, calls) in SEVERAL {
            assert_eq!(told(event), Told::OneOf(calls));
        }
        assert_eq!(told("openat"), Told::Name("openat"));
    }
}
