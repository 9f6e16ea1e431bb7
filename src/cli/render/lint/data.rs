//! Findings as JSON; docs/lint-format.md describes it.

use callsieve::lint::{Finding, Place, Rule, Severity, Span};
use callsieve::profile::Engine;
use serde_json::{Value, json as object};

use super::{Linted, Target};
use crate::cli::render;

/// All findings.
pub(crate) fn json(linted: &[Linted], target: &Target) -> String {
    let files: Vec<Value> = linted
        .iter()
        .map(|file| {
            let findings: Vec<Value> = file.report.findings.iter().map(finding).collect();
            let more: serde_json::Map<String, Value> = file
                .report
                .dropped
                .iter()
                .map(|(rule, count)| (rule.to_string(), Value::from(*count)))
                .collect();
            object!({
                "path": file.path.to_string_lossy(),
                "architecture": file.native.name(),
                "findings": findings,
                "more": more,
                "not_checked": file.report.not_checked,
            })
        })
        .collect();
    let count = |severity| -> usize { linted.iter().map(|file| file.report.count(severity)).sum() };
    render::json(&object!({
        "schema": 1,
        "engines": names(&target.engines),
        "libseccomp": target.libseccomp.name(),
        "files": files,
        "summary": {
            "errors": count(Severity::Error),
            "warnings": count(Severity::Warning),
            "notes": count(Severity::Note),
        },
    }))
}

fn names(engines: &[Engine]) -> Vec<&'static str> {
    engines.iter().map(|engine| engine.name()).collect()
}

fn place(place: Place) -> Value {
    object!({"offset": place.offset, "line": place.line, "column": place.column})
}

fn span(span: Span) -> Value {
    object!({"start": place(span.start), "end": place(span.end)})
}

fn finding(finding: &Finding) -> Value {
    let fix = finding.fix.as_ref().map(|fix| {
        let edits: Vec<Value> = fix
            .edits
            .iter()
            .map(|edit| object!({"span": span(edit.span), "text": edit.text}))
            .collect();
        object!({"title": fix.title, "edits": edits})
    });
    object!({
        "rule": finding.rule.info().id,
        "name": finding.rule.info().name,
        "severity": finding.severity.name(),
        "engines": names(&finding.engines),
        "message": finding.message,
        "span": span(finding.span),
        "notes": finding.notes,
        "help": finding.help,
        "fix": fix,
    })
}

/// The rules.
pub(crate) fn rules_json(rules: &[Rule]) -> String {
    let rules: Vec<Value> = rules
        .iter()
        .map(|rule| {
            let info = rule.info();
            object!({
                "id": info.id,
                "name": info.name,
                "severity": info.severity.name(),
                "title": info.title,
                "engines": info.engines,
                "reason": info.reason,
                "source": info.source,
            })
        })
        .collect();
    render::json(&object!({"schema": 1, "rules": rules}))
}
