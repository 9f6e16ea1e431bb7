//! `qemu-user -strace`: `15856 openat(-100,"/etc/ld.so.cache",O_RDONLY) = 3`. Threads print into
//! each other's lines, so some make no sense; and it does not tell which machine it played.

use super::by_line::{ByLine, Was};
use super::gather::{Call, Gather, Told};
use super::reader::{Start, has};
use super::text;
use crate::event::{Errno, Outcome, Skip};

/// Reads such logs.
#[derive(Debug, Default)]
pub(super) struct Qemu;

/// Whether the start of a log is of qemu: errors are written as no other tool does.
pub(super) fn detect(start: &Start<'_>) -> bool {
    let is = |line: &[u8]| std::str::from_utf8(line).is_ok_and(|line| call(line).is_some());
    start.count(|line| has(line, " = -1 errno=")) > 0 && start.has_many(is)
}

/// The process, the name and the rest of a line.
fn call(line: &str) -> Option<(u32, &str, &str)> {
    let (pid, rest) = line.split_once(' ')?;
    let name = text::word(rest);
    let rest = rest.get(name.len()..)?;
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    (is_name && rest.starts_with('(')).then_some((pid.parse().ok()?, name, rest))
}

fn outcome(rest: &str) -> Option<Outcome> {
    let Some((_, value)) = rest.rsplit_once(" = ") else {
        // `exit_group(0)`
        return rest.ends_with(')').then_some(Outcome::NoReturn);
    };
    if let Some(number) = text::after(value, "errno=", &[' ']) {
        let number = number.parse().ok()?;
        return Some(if (512..=516).contains(&number) {
            Outcome::Interrupted
        } else {
            Outcome::Error(Errno::numbered(number))
        });
    }
    text::return_value(value.split(' ').next()?)
}

impl ByLine for Qemu {
    fn line(&mut self, line: &str, to: &mut Gather) -> Was {
        if line.starts_with("--- ") {
            return Was::No(Skip::Event);
        }
        if let Some(number) = text::after(line, " Unknown syscall ", &[' ', '\n']) {
            let Ok(number) = number.parse() else {
                return Was::Strange;
            };
            let call = Call {
                id: Told::Number(number),
                arch: None,
                program: None,
                pid: line.split(' ').next().and_then(|pid| pid.parse().ok()),
            };
            to.call(call, None);
            return Was::Call;
        }
        let Some((pid, name, rest)) = call(line) else {
            return Was::Strange;
        };
        let call = Call {
            id: Told::Name(name),
            arch: None,
            program: None,
            pid: Some(pid),
        };
        to.call(call, outcome(rest));
        Was::Call
    }
}
