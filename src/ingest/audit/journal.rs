//! The forms in which journalctl prints its entries, of which all but `short` and its like are
//! more than a line with the message at its end.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::ingest::{clock, json, text};

/// What stands for a record that journald has from the audit itself, before its kind.
pub(super) const OWN: &str = "journald audit: ";

/// What journald keeps of a record: of the forms that print fields, the message, after
/// `journald …: `; of others, the line.
pub(super) fn message(line: &str) -> Cow<'_, str> {
    if let Some(message) = object(line).as_ref().and_then(|o| json::text(o, "MESSAGE")) {
        return told(message).into();
    }
    // `export`, `verbose`.
    let exported = line.strip_prefix("    ").unwrap_or(line);
    if let Some(message) = exported.strip_prefix("MESSAGE=") {
        return told(message).into();
    }
    // `json-pretty`.
    if let Some(value) = line.strip_prefix("\t\"MESSAGE\" : ") {
        let message: Option<String> = serde_json::from_str(value.trim_end_matches(',')).ok();
        return told(&message.unwrap_or_default()).into();
    }
    // `cat`, which dmesg without times looks like.
    if is_bare(line) {
        return told(line).into();
    }
    line.into()
}

fn told(message: &str) -> String {
    // A record has one line.
    let message = message.lines().next().unwrap_or_default();
    if is_headless(message) {
        format!("{OWN}{message}")
    } else if message.starts_with("audit: ") {
        format!("journald kernel: {message}")
    } else {
        format!("journald: {message}")
    }
}

/// A record without its head, as journald has it from the audit itself.
fn is_headless(message: &str) -> bool {
    let Some((kind, fields)) = message.split_once(' ') else {
        return false;
    };
    // All records have some of these fields, which no other message begins with.
    matches!(kind, "SECCOMP" | "SYSCALL")
        && (fields.starts_with("auid=") || fields.starts_with("arch="))
        && fields.contains(" syscall=")
}

/// A record with nothing in front of it, not even its time.
pub(super) fn is_bare(line: &str) -> bool {
    is_headless(line) || line.starts_with("audit: type=")
}

/// A line of `json`, `json-sse` or `json-seq`.
fn object(line: &str) -> Option<Map<String, Value>> {
    let line = line.strip_prefix("data: ").unwrap_or(line);
    let line = line.strip_prefix('\u{1e}').unwrap_or(line);
    if !line.starts_with('{') || !line.contains("\"MESSAGE\"") {
        return None;
    }
    json::object(line)
}

/// What a line is that is a part of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The first.
    First,
    /// The time of the entry.
    Time(Duration),
    /// Its message.
    Message,
    /// Something else.
    Field,
}

fn part(line: &str) -> Option<Part> {
    if matches!(line, "{" | "}") {
        return Some(Part::First);
    }
    if let Some(field) = line.strip_prefix('\t') {
        return Some(if field.starts_with("\"MESSAGE\" : ") {
            Part::Message
        } else if let Some(time) = field.strip_prefix("\"__REALTIME_TIMESTAMP\" : \"") {
            micros(time).map_or(Part::Field, Part::Time)
        } else {
            Part::Field
        });
    }
    // The head of an entry of `verbose`.
    if line.ends_with(']') && line.contains(" [s=") {
        return Some(clock::printed(line).map_or(Part::First, Part::Time));
    }
    let field = line.strip_prefix("    ").unwrap_or(line);
    let (name, value) = field.split_once('=')?;
    if !is_name(name) {
        return None;
    }
    Some(match name {
        "__CURSOR" => Part::First,
        "__REALTIME_TIMESTAMP" => micros(value).map_or(Part::Field, Part::Time),
        "MESSAGE" => Part::Message,
        _ => Part::Field,
    })
}

fn is_name(name: &str) -> bool {
    let is = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    !name.is_empty() && name.bytes().all(is)
}

fn micros(value: &str) -> Option<Duration> {
    text::word(value).parse().ok().map(Duration::from_micros)
}

/// Whether a line is an entry of JSON.
pub(super) fn is_entry(line: &str) -> bool {
    object(line).is_some() && line.contains("\"__REALTIME_TIMESTAMP\"")
}

/// Whether a line is the head of an entry of several.
pub(super) fn is_head(line: &str) -> bool {
    let is = line.starts_with("__CURSOR=s=")
        || line.starts_with("\t\"__CURSOR\" : \"s=")
        || line.contains(" [s=");
    is && part(line).is_some()
}

/// What has to be known of an entry whose lines are read one by one.
#[derive(Debug, Default)]
pub(super) struct Entry {
    time: Option<Duration>,
    /// The message of an entry of `json-pretty`, whose time may stand below it.
    held: Option<String>,
    /// Entries have been exported, with fields that may hold anything.
    exported: bool,
    blob: Option<Blob>,
}

/// A field of `export` that has its length in front of it, as it has line ends or no text in it.
#[derive(Debug, Default)]
struct Blob {
    length: Vec<u8>,
    /// Bytes to come, with the line end behind it.
    left: Option<u64>,
}

impl Entry {
    /// The next line, unless it is of a record. Returns whether it is a part of an entry.
    pub(super) fn line(&mut self, line: &str) -> bool {
        let Some(part) = part(line) else { return false };
        match part {
            // What closes an entry of `json-pretty` has its time.
            Part::First if line == "}" => {}
            Part::First => self.time = None,
            Part::Time(time) => self.time = Some(time),
            Part::Message if line.starts_with('\t') => self.held = Some(line.to_owned()),
            Part::Message | Part::Field => {}
        }
        self.exported |= line.starts_with("__CURSOR=");
        true
    }

    /// The line that is to be looked at for this one: of an entry of `json-pretty`, the message
    /// when it is closed.
    pub(super) fn held(&mut self, line: &str) -> Option<String> {
        if line == "}" {
            return self.held.take();
        }
        self.held.as_ref().filter(|held| **held == line)?;
        Some(String::from("}"))
    }

    /// When the entry of a line was, where lines are parts of entries.
    pub(super) fn time(&self, line: &str) -> Option<Duration> {
        if line == "}" || part(line) == Some(Part::Message) {
            return self.time.filter(|_| !line.starts_with('\t'));
        }
        micros(json::text(&object(line)?, "__REALTIME_TIMESTAMP")?)
    }

    /// Takes in the bytes of a line that is a part of a field with its length in front.
    pub(super) fn takes(&mut self, line: &[u8]) -> bool {
        let Some(blob) = &mut self.blob else {
            let is_name = std::str::from_utf8(line).is_ok_and(is_name);
            if self.exported && is_name {
                self.blob = Some(Blob::default());
            }
            return self.exported && is_name;
        };
        let mut bytes = line.iter().copied().chain([b'\n']);
        if blob.left.is_none() {
            let missing = size_of::<u64>() - blob.length.len();
            blob.length.extend(bytes.by_ref().take(missing));
            let length: Result<[u8; 8], _> = blob.length.as_slice().try_into();
            // What follows has a line end of its own.
            blob.left = length
                .ok()
                .map(|it| u64::from_le_bytes(it).saturating_add(1));
        }
        if let Some(left) = &mut blob.left {
            *left = left.saturating_sub(u64::try_from(bytes.count()).unwrap_or(u64::MAX));
            if *left == 0 {
                self.blob = None;
            }
        }
        true
    }

    /// Whether the log ends within a field.
    pub(super) const fn is_torn(&self) -> bool {
        self.blob.is_some()
    }
}
