//! Findings as SARIF 2.1.0 (OASIS), which code scanning services take.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use callsieve::lint::{Finding, Fix, Rule, Severity, Span};
use serde_json::{Value, json as object};

use super::Linted;
use crate::cli::render;

/// All findings as one run.
pub(crate) fn sarif(linted: &[Linted]) -> String {
    let rules: Vec<Value> = Rule::ALL.iter().map(|rule| descriptor(*rule)).collect();
    let mut results = Vec::new();
    let mut notifications = Vec::new();
    for file in linted {
        let uri = uri(&file.path);
        results.extend(file.report.findings.iter().map(|it| result(it, &uri)));
        let dropped = file.report.dropped.iter();
        let dropped = dropped.map(|(rule, count)| format!("{count} more findings of {rule}"));
        let gaps = file.report.not_checked.iter();
        let gaps = gaps.map(|what| format!("not checked: {what}"));
        for text in dropped.chain(gaps) {
            notifications.push(object!({
                "level": "warning",
                "message": {"text": text},
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}}}],
            }));
        }
    }
    render::json(&object!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "callsieve",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    }))
}

const fn level(severity: Severity) -> &'static str {
    // SARIF has the same three words.
    severity.name()
}

fn descriptor(rule: Rule) -> Value {
    let info = rule.info();
    let help = format!(
        "{} Engines: {}. Source: {}",
        info.reason, info.engines, info.source
    );
    object!({
        "id": info.id,
        "name": info.name,
        "shortDescription": {"text": info.title},
        "fullDescription": {"text": info.reason},
        "help": {"text": help},
        "defaultConfiguration": {"level": level(info.severity)},
    })
}

fn region(span: Span) -> Value {
    object!({
        "startLine": span.start.line,
        "startColumn": span.start.column,
        "endLine": span.end.line,
        "endColumn": span.end.column,
    })
}

fn result(finding: &Finding, uri: &str) -> Value {
    let mut text = finding.message.clone();
    for more in finding.notes.iter().chain(&finding.help) {
        text.push_str(". ");
        text.push_str(more);
    }
    let engines: Vec<&str> = finding.engines.iter().map(|engine| engine.name()).collect();
    let mut result = object!({
        "ruleId": finding.rule.info().id,
        "ruleIndex": Rule::ALL.iter().position(|rule| *rule == finding.rule),
        "level": level(finding.severity),
        "message": {"text": text},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri},
            "region": region(finding.span),
        }}],
        "properties": {"engines": engines},
    });
    if let (Some(fix), Some(fields)) = (&finding.fix, result.as_object_mut()) {
        fields.insert("fixes".to_owned(), object!([fixed(fix, uri)]));
    }
    result
}

fn fixed(fix: &Fix, uri: &str) -> Value {
    let replacements: Vec<Value> = fix
        .edits
        .iter()
        .map(|edit| {
            object!({
                "deletedRegion": region(edit.span),
                "insertedContent": {"text": edit.text},
            })
        })
        .collect();
    object!({
        "description": {"text": fix.title},
        "artifactChanges": [{
            "artifactLocation": {"uri": uri},
            "replacements": replacements,
        }],
    })
}

/// A path as RFC 3986 has it: relative where it is.
fn uri(path: &Path) -> String {
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
                // Writing to a string does not fail.
                let _infallible = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}
