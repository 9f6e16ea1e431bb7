//! Records of the kernel's audit: as auditd writes them (raw or enriched), as ausearch prints
//! them (interpreted or not, or as a report), and as they stand in the kernel's log, syslog and
//! journald.
//!
//! Calls come from `SECCOMP` records (1326), which a filter that logs makes, and from `SYSCALL`
//! records (1300), which audit rules make. The name in an enriched `SECCOMP` record is always
//! `unknown-syscall(-1)` (audit 3.0.9), so where there is a number, it counts.

mod journal;
mod report;

use std::collections::BTreeSet;
use std::time::Duration;

use self::journal::{OWN, message};
use self::report::Report;
use super::by_line::{ByLine, Was};
use super::gather::{Call, Gather, Told, returned};
use super::reader::{Start, has};
use super::{clock, text};
use crate::arch::Arch;
use crate::bpf;
use crate::event::{Gap, Outcome, Skip};

/// Reads audit records.
#[derive(Debug, Default)]
pub(super) struct Audit {
    /// Events met lately: journald may have each twice.
    seen: BTreeSet<String>,
    /// There are records of the kernel's log, and whether that says that it left some out.
    kernels: Option<bool>,
    /// There are records that journald has from the audit itself. It has them all, so those of
    /// the kernel's log are there again.
    journals: bool,
    /// There are records with nothing in front of them, so other messages have nothing either.
    bare: bool,
    entry: journal::Entry,
    /// What is looked at instead of this line.
    held: Option<String>,
    report: Report,
    clocks: Clocks,
}

/// A log may have two clocks: that of records, and that of what writes them down.
#[derive(Debug, Default)]
struct Clocks {
    /// What of each is to be taken off.
    events: Option<Duration>,
    printed: Option<Duration>,
}

impl Clocks {
    /// The time since the first that was told. The clock of an event is more exact.
    fn time(&mut self, event: Option<Duration>, printed: Option<Duration>) -> Option<Duration> {
        let printed = printed.and_then(|time| {
            let start = *self.printed.get_or_insert(time);
            time.checked_sub(start)
        });
        let Some(event) = event else { return printed };
        let before = printed.unwrap_or_default();
        let start = *self
            .events
            .get_or_insert_with(|| event.saturating_sub(before));
        event.checked_sub(start)
    }
}

/// Events remembered.
const MAX_SEEN: usize = 20_000;

/// Whether the start of a log has audit records of calls.
pub(super) fn detect(start: &Start<'_>) -> bool {
    let is = |line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        kind_of(&message(&line)).is_some() || report::is_line(&line)
    };
    start.count(is) > 0
}

/// Whether the start of a log is of the kernel, syslog or journald, whatever stands in it: the
/// records may come later.
pub(super) fn detect_system(start: &Start<'_>) -> bool {
    let is = |line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        let of_kernel = line
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("] "));
        let time = |text: &str| text::seconds(text.trim_start()).is_some();
        of_kernel.is_some_and(|(stamp, _)| time(stamp) || stamp.contains(':'))
            || line.contains(" kernel: ")
            || journal::is_entry(&line)
    };
    // An entry may be many lines.
    start.has_many(is) || start.count(|line| journal::is_head(&String::from_utf8_lossy(line))) > 0
}

/// The kinds of records that tell of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Seccomp,
    Syscall,
}

/// The kind of a record and its fields.
fn kind_of(line: &str) -> Option<(Kind, &str)> {
    const MARKS: [(&str, Kind); 8] = [
        ("type=SECCOMP ", Kind::Seccomp),
        ("type=1326 ", Kind::Seccomp),
        ("]: SECCOMP ", Kind::Seccomp),
        ("type=SYSCALL ", Kind::Syscall),
        ("type=1300 ", Kind::Syscall),
        ("]: SYSCALL ", Kind::Syscall),
        ("journald audit: SECCOMP ", Kind::Seccomp),
        ("journald audit: SYSCALL ", Kind::Syscall),
    ];
    let (at, mark, kind) = MARKS
        .iter()
        .filter_map(|(mark, kind)| line.find(mark).map(|at| (at, mark, *kind)))
        .min_by_key(|(at, _, _)| *at)?;
    let fields = line.get(at + mark.len()..)?;
    fields.contains("syscall=").then_some((kind, fields))
}

impl ByLine for Audit {
    fn time(&mut self, line: &str) -> Option<Duration> {
        if self.report.is_one() {
            return self.report.time(line);
        }
        let record = self.held.as_deref().unwrap_or(line);
        let event = text::after(record, "audit(", &[':', ')']).and_then(text::seconds);
        let event = event.or_else(|| self.report.interpreted(record));
        let printed = self.entry.time(line).or_else(|| clock::printed(line));
        self.clocks.time(event, printed)
    }

    fn takes(&mut self, line: &[u8]) -> bool {
        self.entry.takes(line)
    }

    fn line(&mut self, line: &str, to: &mut Gather) -> Was {
        const LOST: [&str; 5] = [
            "backlog limit exceeded",
            "rate limit exceeded",
            "audit_lost=",
            "queue overflow",
            "audit_log_lost: ",
        ];
        let is_part = self.entry.line(line);
        self.held = self.entry.held(line);
        let held = self.held.clone();
        let line = held.as_deref().unwrap_or(line);
        self.bare |= journal::is_bare(line);
        if self.bare && line.starts_with("MESSAGE=") {
            // A line of a message, where nothing stands in front of those.
            return Was::No(Skip::Message);
        }
        let message = message(line);
        let line = &*message;
        if line.contains("callbacks suppressed") && !line.contains("audit_log_lost: ") {
            self.kernels = Some(true);
            return Was::No(Skip::Message);
        }
        if LOST.iter().any(|lost| line.contains(lost)) {
            to.gap(Gap::Lost);
            return Was::No(Skip::Message);
        }
        let Some((kind, fields)) = kind_of(line) else {
            if let Some(was) = self.report.line(line, to) {
                return was;
            }
            return if is_part {
                Was::No(Skip::Decoration)
            } else {
                other(line)
            };
        };
        if line.contains("audit[") || line.starts_with(OWN) {
            self.journals = true;
        } else if is_kernels(line) {
            self.kernels.get_or_insert_default();
            if self.journals {
                return Was::No(Skip::Event);
            }
        }
        if self.is_again(line, kind) {
            return Was::No(Skip::Event);
        }
        match record(kind, fields, to) {
            Some(()) => Was::Call,
            None => Was::Strange,
        }
    }

    fn end(&mut self, to: &mut Gather) {
        if let Some(suppressed) = self.kernels.filter(|_| !self.journals) {
            to.gap(Gap::RateLimited);
            if suppressed {
                to.gap(Gap::Lost);
            }
        }
        if self.entry.is_torn() {
            to.gap(Gap::Torn);
        }
        if self.bare {
            // Messages of whatever else wrote to the log, with nothing that shows it.
            let strange = to.tally.skipped.remove(&Skip::NotUnderstood);
            *to.tally.skipped.entry(Skip::Message).or_default() += strange.unwrap_or_default();
            to.tally.examples.clear();
        }
        if self.report.is_one() {
            to.split_by_names();
        }
    }
}

impl Audit {
    /// Whether the same event came before.
    fn is_again(&mut self, line: &str, kind: Kind) -> bool {
        let Some(id) = text::after(line, "audit(", &[')']) else {
            return false;
        };
        if self.seen.len() >= MAX_SEEN {
            // Serial numbers go up, so the lowest are the oldest.
            self.seen.pop_first();
        }
        !self.seen.insert(format!("{id} {kind:?}"))
    }
}

/// Whether the line comes from the kernel's log, which keeps 10 records in 5 seconds.
fn is_kernels(line: &str) -> bool {
    line.starts_with('[') || line.contains("kernel: ")
}

/// A record without its head, as journald has those of other kinds: `PROCTITLE proctitle=…`.
fn is_headless(line: &str) -> bool {
    let record = line
        .split_once("audit: ")
        .map_or(line, |(_, record)| record);
    let kind = record
        .bytes()
        .take_while(|b| b.is_ascii_uppercase() || *b == b'_');
    let kind = record.get(kind.count()..).unwrap_or_default();
    kind.len() < record.len() && kind.starts_with(' ') && kind.contains('=')
}

/// A line that tells of no call.
fn other(line: &str) -> Was {
    if line.starts_with("----") || line.starts_with("time->") {
        return Was::No(Skip::Decoration);
    }
    if line.starts_with("type=") || line.starts_with("node=") || line.contains("audit(") {
        return Was::No(Skip::Event);
    }
    // Whatever else is in the kernel's log or syslog.
    if is_headless(line) {
        return Was::No(Skip::Event);
    }
    let is_log = is_kernels(line)
        || has(line.as_bytes(), "]: ")
        || line.starts_with("journald")
        // The rest of a message of several lines.
        || line.starts_with("    ");
    if is_log {
        Was::No(Skip::Message)
    } else {
        Was::Strange
    }
}

/// The value of a field.
fn field<'a>(fields: &'a str, name: &str) -> Option<&'a str> {
    let mut from = 0;
    loop {
        let at = from + fields.get(from..)?.find(name)?;
        let value = at + name.len();
        let before = fields.get(..at)?;
        // `arch=` must not be found in `xarch=`, nor `exe=` in another.
        let starts = before.is_empty() || before.ends_with([' ', '\u{1d}', ':']);
        if !starts || !fields.get(value..)?.starts_with('=') {
            from = value;
            continue;
        }
        let text = fields.get(value + 1..)?;
        if let Some(quoted) = text.strip_prefix('"') {
            return quoted.split('"').next();
        }
        return text.split([' ', '\u{1d}']).next();
    }
}

/// A path or name: quoted, or in hexadecimal where it has bytes that would disturb.
fn untrusted(fields: &str, name: &str) -> Option<String> {
    let value = field(fields, name).filter(|value| !value.is_empty() && *value != "(null)")?;
    let quoted = fields.contains(&format!("{name}=\""));
    let is_hex = value.len() >= 2
        && value.len() % 2 == 0
        && value
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'A'..=b'F'));
    if quoted || !is_hex {
        return Some(value.to_owned());
    }
    let bytes: Vec<u8> = (0..value.len())
        .step_by(2)
        .filter_map(|at| u8::from_str_radix(value.get(at..at + 2)?, 16).ok())
        .collect();
    Some(String::from_utf8_lossy(&bytes).escape_debug().to_string())
}

fn record(kind: Kind, fields: &str, to: &mut Gather) -> Option<()> {
    let syscall = field(fields, "syscall")?;
    let id = report::told(syscall)?;
    let number = match id {
        Told::Number(number) => number,
        Told::Name(_) | Told::OneOf(_) => 0,
    };
    let arch = arch(field(fields, "arch"), number);
    let program = untrusted(fields, "exe")
        .or_else(|| untrusted(fields, "comm").map(|comm| format!("({comm})")));
    let call = Call {
        id,
        arch,
        program: program.as_deref(),
        pid: field(fields, "pid").and_then(|pid| pid.parse().ok()),
    };
    let outcome = match kind {
        Kind::Seccomp => filtered(fields, to),
        Kind::Syscall => ended(fields),
    };
    to.call(call, outcome);
    Some(())
}

/// The architecture, by its `AUDIT_ARCH_…` in hexadecimal or, interpreted, by its name.
fn arch(value: Option<&str>, number: u32) -> Option<Arch> {
    let value = value?;
    match u32::from_str_radix(value, 16) {
        Ok(audit) if value.len() >= 7 => Arch::from_audit(audit, number),
        _ => Arch::from_name(value),
    }
}

/// What the filter did with the call: the action in `code` (include/uapi/linux/seccomp.h).
fn filtered(fields: &str, to: &mut Gather) -> Option<Outcome> {
    let code = field(fields, "code")?;
    // Copied and pasted, the separator of an enriched record is gone: `code=0x7ffc0000AUID=…`.
    let hex: String = code
        .strip_prefix("0x")
        .unwrap_or_default()
        .chars()
        .take(8)
        .take_while(char::is_ascii_hexdigit)
        .collect();
    let action = u32::from_str_radix(&hex, 16).map(|code| code & bpf::RET_ACTION);
    match (action, code) {
        (Ok(bpf::RET_LOG | bpf::RET_TRACE | bpf::RET_USER_NOTIF | bpf::RET_ALLOW), _) => None,
        // The number of the error is not recorded.
        (Ok(bpf::RET_ERRNO), _) | (_, "errno") => Some(Outcome::Failed),
        (Ok(bpf::RET_TRAP), _) | (_, "trap") => Some(Outcome::Sigsys),
        (Ok(bpf::RET_KILL_THREAD | bpf::RET_KILL_PROCESS), _)
        | (_, "kill" | "kill-thread" | "kill-process") => {
            to.gap(Gap::KilledByFilter);
            Some(Outcome::Sigsys)
        }
        _ => None,
    }
}

/// How a call ended: `success=no exit=-2`, interpreted `exit=ENOENT(No such file or directory)`.
fn ended(fields: &str) -> Option<Outcome> {
    let exit = field(fields, "exit")?;
    if let Ok(value) = exit.parse::<i64>() {
        // A large address is no error.
        return Some(if field(fields, "success") == Some("yes") {
            Outcome::Success
        } else {
            returned(value)
        });
    }
    text::error(exit).or(Some(Outcome::Success))
}
