//! The log enricher of the Security Profiles Operator:
//! `… log-enricher "msg"="audit" "executable"="/bin/x" "syscallID"=232 "syscallName"="epoll_wait" …`.

use std::time::Duration;

use super::by_line::{ByLine, Was};
use super::gather::{Call, Gather, Told};
use super::reader::{Start, has};
use super::{clock, text};
use crate::event::Skip;

/// Reads such lines.
#[derive(Debug, Default)]
pub(super) struct Enricher {
    /// Whether the time of audit records counts, as the first line has it.
    audits: Option<bool>,
}

/// Whether the start of a log has such lines.
pub(super) fn detect(start: &Start<'_>) -> bool {
    start.count(|line| has(line, "\"syscallName\"")) > 0
}

/// The value of a key, as `"key"="value"` or, in JSON, `"key":"value"`.
fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("\"{key}\""))?;
    let rest = rest.trim_start().strip_prefix(['=', ':'])?.trim_start();
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([' ', ',', '}']).next(),
    }
}

impl ByLine for Enricher {
    /// That of the audit record, or else that of the line.
    fn time(&mut self, line: &str) -> Option<Duration> {
        let stamp = value(line, "timestamp").and_then(|stamp| stamp.split(':').next());
        let audits = stamp.and_then(text::seconds);
        let of_line = clock::of_go(line).or_else(|| clock::dated(value(line, "time")?));
        if audits.or(of_line).is_some() {
            self.audits.get_or_insert(audits.is_some());
        }
        if self.audits == Some(true) {
            audits
        } else {
            of_line
        }
    }

    fn line(&mut self, line: &str, to: &mut Gather) -> Was {
        let number = value(line, "syscallID").and_then(|number| number.parse().ok());
        let name = value(line, "syscallName")
            .map(text::word)
            .unwrap_or_default();
        let id = match (name, number) {
            ("", None) => {
                let is_log = line.contains(".go:") || line.contains("\"msg\"");
                return if is_log {
                    Was::No(Skip::Message)
                } else {
                    Was::Strange
                };
            }
            ("", Some(number)) => Told::Number(number),
            (name, _) => Told::Name(name),
        };
        let call = Call {
            id,
            arch: None,
            program: value(line, "executable").filter(|path| !path.is_empty()),
            pid: value(line, "pid").and_then(|pid| pid.parse().ok()),
        };
        to.call(call, None);
        Was::Call
    }
}
