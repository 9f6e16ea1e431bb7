//! SARIF 2.1.0 (OASIS), which code scanning services take.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use callsieve::lint::{RuleInfo, Severity, Span};
use serde_json::{Value, json as object};
use sha2::{Digest as _, Sha256};

/// Results that GitHub takes of one run ("SARIF support for code scanning").
const RESULTS: usize = 25_000;

/// How bad a result is, the mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Note,
    Warning,
    Error,
}

impl Level {
    /// The word for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a kind of result is about.
#[derive(Debug)]
pub(crate) struct RuleText<'a> {
    /// Never changes its meaning.
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) title: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) help: &'a str,
    pub(crate) level: Level,
}

impl<'a> RuleText<'a> {
    /// A rule of the lint.
    pub(crate) const fn of(rule: &'a RuleInfo, help: &'a str) -> Self {
        Self {
            id: rule.id,
            name: rule.name,
            title: rule.title,
            reason: rule.reason,
            help,
            level: Level::of(rule.severity),
        }
    }
}

impl Level {
    /// That of a rule of the lint.
    pub(crate) const fn of(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Note => Self::Note,
        }
    }
}

/// One result.
#[derive(Debug)]
pub(crate) struct Found {
    /// The position of its rule among the rules.
    pub(crate) rule: usize,
    pub(crate) level: Level,
    pub(crate) message: String,
    /// See [`uri`].
    pub(crate) uri: String,
    /// `None` for the file as a whole.
    pub(crate) span: Option<Span>,
    /// What makes it this result wherever it stands in the file.
    pub(crate) identity: String,
    pub(crate) properties: Value,
    pub(crate) fixes: Vec<Value>,
}

/// A log of one run.
pub(crate) fn log(rules: &[RuleText<'_>], found: Vec<Found>, notes: Vec<Value>) -> String {
    let mut notes = notes;
    let found = kept(found, &mut notes);
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let results: Vec<Value> = found
        .into_iter()
        .map(|it| result(rules, it, &mut known))
        .collect();
    super::json(&object!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "callsieve",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(descriptor).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notes,
            }],
            "results": results,
        }],
    }))
}

/// Something that is said of the run and not of a line.
pub(crate) fn note(text: &str, uri: Option<&str>) -> Value {
    let mut note = object!({"level": "warning", "message": {"text": text}});
    if let (Some(uri), Some(fields)) = (uri, note.as_object_mut()) {
        let place = object!([{"physicalLocation": {"artifactLocation": {"uri": uri}}}]);
        fields.insert("locations".to_owned(), place);
    }
    note
}

/// The worst of more results than are taken, in their order.
fn kept(found: Vec<Found>, notes: &mut Vec<Value>) -> Vec<Found> {
    let Some(over) = found.len().checked_sub(RESULTS).filter(|over| *over > 0) else {
        return found;
    };
    notes.push(note(
        &format!("{over} results of the lowest levels were left out: {RESULTS} are taken"),
        None,
    ));
    let mut ranked: Vec<(usize, Found)> = found.into_iter().enumerate().collect();
    ranked.sort_by_key(|(_, it)| std::cmp::Reverse(it.level));
    ranked.truncate(RESULTS);
    ranked.sort_by_key(|(at, _)| *at);
    ranked.into_iter().map(|(_, it)| it).collect()
}

fn descriptor(rule: &RuleText<'_>) -> Value {
    object!({
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.reason},
        "help": {"text": rule.help},
        "defaultConfiguration": {"level": rule.level.name()},
    })
}

/// A piece of a file.
pub(crate) fn region(span: Span) -> Value {
    object!({
        "startLine": span.start.line,
        "startColumn": span.start.column,
        "endLine": span.end.line,
        "endColumn": span.end.column,
    })
}

fn result(rules: &[RuleText<'_>], found: Found, known: &mut BTreeMap<String, usize>) -> Value {
    let id = rules.get(found.rule).map_or("", |rule| rule.id);
    // The first line stands for a file as a whole: services show nothing without one.
    let place = found.span.map_or_else(|| object!({"startLine": 1}), region);
    let identity = fingerprint(&[id, &found.uri, &found.identity]);
    let times = known.entry(identity.clone()).or_default();
    *times += 1;
    let mut result = object!({
        "ruleId": id,
        "ruleIndex": found.rule,
        "level": found.level.name(),
        "message": {"text": found.message},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": found.uri},
            "region": place,
        }}],
        // The name that GitHub reads. It is made of what was found, not of the line, so that it
        // stays when lines move.
        "partialFingerprints": {"primaryLocationLineHash": format!("{identity}:{times}")},
        "properties": found.properties,
    });
    if let (false, Some(fields)) = (found.fixes.is_empty(), result.as_object_mut()) {
        fields.insert("fixes".to_owned(), Value::from(found.fixes));
    }
    result
}

/// 16 hexadecimal digits made of texts.
fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut text = String::new();
    for byte in hash.finalize().iter().take(8) {
        // Writing to a string does not fail.
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

/// A path as RFC 3986 has it: relative where it is.
pub(crate) fn uri(path: &Path) -> String {
    let mut uri = if path.is_absolute() {
        "file://".to_owned()
    } else {
        String::new()
    };
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(*byte));
            }
            byte => {
                let _infallible = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_are_kept_in_their_order() {
        let found = |level: Level, at: usize| Found {
            rule: 0,
            level,
            message: at.to_string(),
            uri: "web.json".to_owned(),
            span: None,
            identity: at.to_string(),
            properties: object!({}),
            fixes: Vec::new(),
        };
        let mut all: Vec<Found> = (0..7).map(|at| found(Level::Note, at)).collect();
        all.extend((7..RESULTS + 7).map(|at| found(Level::Error, at)));
        let mut notes = Vec::new();
        let kept = kept(all, &mut notes);
        assert_eq!(kept.len(), RESULTS);
        let messages = kept.iter().map(|it| it.message.parse::<usize>().unwrap());
        assert!(messages.eq(7..RESULTS + 7));
        let said = notes[0]["message"]["text"].as_str().unwrap();
        assert!(said.starts_with("7 results of the lowest levels were left out"));
    }

    #[test]
    fn addresses() {
        assert_eq!(uri(Path::new("a b/%.json")), "a%20b/%25.json");
        assert_eq!(uri(Path::new("/a/b")), "file:///a/b");
    }
}
