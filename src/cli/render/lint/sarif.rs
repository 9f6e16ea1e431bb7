//! Findings as SARIF.

use callsieve::lint::{Finding, Fix, Rule};
use serde_json::{Value, json as object};

use super::Linted;
use crate::cli::render::sarif::{Found, Level, RuleText, log, note, region, uri};

/// All findings as one run.
pub(crate) fn sarif(linted: &[Linted]) -> String {
    let helps: Vec<String> = Rule::ALL.iter().map(|rule| help(*rule)).collect();
    let rules = Rule::ALL
        .iter()
        .zip(&helps)
        .map(|(rule, help)| RuleText::of(rule.info(), help));
    let rules: Vec<RuleText<'_>> = rules.collect();
    let mut all = Vec::new();
    let mut notes = Vec::new();
    for file in linted {
        let uri = uri(&file.path);
        let findings = file.report.findings.iter();
        all.extend(findings.map(|it| found(it, &file.text, &uri)));
        let dropped = file.report.dropped.iter();
        let dropped = dropped.map(|(rule, count)| format!("{count} more findings of {rule}"));
        let gaps = file.report.not_checked.iter();
        let gaps = gaps.map(|what| format!("not checked: {what}"));
        notes.extend(dropped.chain(gaps).map(|text| note(&text, Some(&uri))));
    }
    log(&rules, all, notes)
}

fn help(rule: Rule) -> String {
    let info = rule.info();
    format!(
        "{} Engines: {}. Source: {}",
        info.reason, info.engines, info.source
    )
}

/// How much of what a finding is about goes into its fingerprint, in bytes.
const ABOUT: usize = 1_024;

fn found(finding: &Finding, text: &str, uri: &str) -> Found {
    let mut message = finding.message.clone();
    for more in finding.notes.iter().chain(&finding.help) {
        message.push_str(". ");
        message.push_str(more);
    }
    let engines: Vec<&str> = finding.engines.iter().map(|engine| engine.name()).collect();
    let span = finding.span;
    let about = text.as_bytes().get(span.start.offset..span.end.offset);
    let about = about.unwrap_or_default();
    let about = about.get(..ABOUT).unwrap_or(about);
    Found {
        rule: Rule::ALL
            .iter()
            .position(|rule| *rule == finding.rule)
            .unwrap_or_default(),
        level: Level::of(finding.severity),
        message,
        uri: uri.to_owned(),
        span: Some(span),
        // Messages may tell lines.
        identity: String::from_utf8_lossy(about).into_owned(),
        properties: object!({"engines": engines}),
        fixes: finding.fix.iter().map(|fix| fixed(fix, uri)).collect(),
    }
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
