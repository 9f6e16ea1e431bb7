//! The rules of the lint by examples: each file `fail-N.json` of a rule has a finding of it, each
//! `pass-N.json` has none; of a configuration file they end in `.toml`. `findings.txt` beside them is all that is found in the former.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

#[path = "../common/mod.rs"]
mod common;
mod docs;
mod exceptions;
mod hostile;
mod real;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use callsieve::arch::Arch;
use callsieve::lint::{COMMON_ENGINES, Finding, Level, Options, Report, Rule, architectures, lint};
use callsieve::profile::{Capability, Host, KernelVersion, Libseccomp};
use expect_test::expect_file;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint/cases")
}

/// What `callsieve lint` asks when nothing is said.
pub(crate) fn options() -> Options {
    Options {
        engines: COMMON_ENGINES.to_vec(),
        libseccomp: Libseccomp::V2_5_4,
        host: Host {
            native: Arch::X86_64,
            capabilities: Capability::docker_default().collect(),
            kernel: KernelVersion {
                major: 6,
                minor: 18,
            },
        },
        no_new_privileges: false,
        levels: BTreeMap::new(),
    }
}

/// What the file `options` of a rule says.
fn options_of(rule: &Path, text: &[u8]) -> Options {
    let mut options = options();
    for line in fs::read_to_string(rule.join("options"))
        .unwrap_or_default()
        .lines()
    {
        let (key, value) = line.split_once('=').unwrap();
        match key {
            "engine" => options.engines = value.split(',').map(|e| e.parse().unwrap()).collect(),
            "libseccomp" => options.libseccomp = value.parse().unwrap(),
            "native" => {
                let first = architectures(text).first().copied();
                options.host.native = first.unwrap_or(Arch::X86_64);
            }
            other => panic!("{other}"),
        }
    }
    options
}

fn cases(rule: &Path, kind: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(rule)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with(kind)
                && path
                    .extension()
                    .is_some_and(|it| it == "json" || it == "toml")
        })
        .collect();
    files.sort();
    files
}

fn looked_at(path: &Path, bytes: &[u8], options: &Options) -> Report {
    if path.extension().is_some_and(|it| it == "toml") {
        exceptions::report(bytes)
    } else {
        lint(bytes, options)
    }
}

fn of(report: &Report, rule: Rule) -> Vec<&Finding> {
    report.findings.iter().filter(|f| f.rule == rule).collect()
}

/// One finding as a line, with what belongs to it.
fn shown(finding: &Finding) -> String {
    let (start, end) = (finding.span.start, finding.span.end);
    let engines: Vec<&str> = finding.engines.iter().map(|engine| engine.name()).collect();
    let mut text = format!(
        "{}:{}-{}:{} {} {}: {} ({})\n",
        start.line,
        start.column,
        end.line,
        end.column,
        finding.rule,
        finding.severity,
        finding.message,
        engines.join(" ")
    );
    let notes = finding.notes.iter().map(|note| ("note", note.as_str()));
    let help = finding.help.iter().map(|help| ("help", help.as_str()));
    let fix = finding.fix.iter().map(|fix| ("fix", fix.title.as_str()));
    for (what, detail) in notes.chain(help).chain(fix) {
        writeln!(text, "    {what}: {detail}").unwrap();
    }
    text
}

/// The text with the edits of a fix made.
fn mended(text: &str, finding: &Finding) -> Option<String> {
    let mut text = text.to_owned();
    for edit in finding.fix.as_ref()?.edits.iter().rev() {
        let range = edit.span.start.offset..edit.span.end.offset;
        text.replace_range(range, &edit.text);
    }
    Some(text)
}

#[test]
fn every_rule_has_examples_that_show_it() {
    let mut unknown: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for rule in Rule::ALL {
        let id = rule.info().id;
        let place = folder().join(id);
        assert!(unknown.remove(id), "{id} has no examples");
        let (fails, passes) = (cases(&place, "fail-"), cases(&place, "pass-"));
        assert!(!fails.is_empty() && !passes.is_empty(), "{id} lacks a kind");
        let mut all = String::new();
        for path in fails {
            let bytes = fs::read(&path).unwrap();
            let options = options_of(&place, &bytes);
            let report = looked_at(&path, &bytes, &options);
            let found = of(&report, *rule);
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(!found.is_empty(), "{id} {name}: {:#?}", report.findings);
            writeln!(all, "== {name}").unwrap();
            for finding in &found {
                assert_eq!(finding.severity, rule.info().severity);
                all.push_str(&shown(finding));
                check_fix(&bytes, finding, &options, name);
            }
        }
        expect_file![place.join("findings.txt")].assert_eq(&all);
        for path in passes {
            let bytes = fs::read(&path).unwrap();
            let report = looked_at(&path, &bytes, &options_of(&place, &bytes));
            let found = of(&report, *rule);
            assert!(found.is_empty(), "{id} {}: {found:#?}", path.display());
        }
    }
    assert!(unknown.is_empty(), "no rules: {unknown:?}");
}

/// A fix leaves nothing of its finding, and no other finding that was not there.
fn check_fix(bytes: &[u8], finding: &Finding, options: &Options, name: &str) {
    let text = String::from_utf8_lossy(bytes);
    let Some(mended) = mended(&text, finding) else {
        return;
    };
    let kinds = |report: &Report| -> BTreeMap<Rule, usize> {
        let mut kinds = BTreeMap::new();
        for finding in &report.findings {
            *kinds.entry(finding.rule).or_default() += 1;
        }
        kinds
    };
    let before = kinds(&lint(bytes, options));
    let after = kinds(&lint(mended.as_bytes(), options));
    let count = |kinds: &BTreeMap<Rule, usize>| kinds.get(&finding.rule).copied().unwrap_or(0);
    assert!(count(&after) < count(&before), "{name}: {mended}");
    for (rule, count) in after {
        let before = before.get(&rule).copied().unwrap_or_default();
        // What could not be read before is looked at now.
        let hidden = before == 0 && matches!(finding.rule, Rule::SingleName | Rule::FieldCase);
        assert!(
            hidden || count <= before,
            "{name}: more of {rule}: {mended}"
        );
    }
}

#[test]
fn ids_are_in_order_and_names_are_of_one() {
    let ids: Vec<String> = (1..=Rule::ALL.len()).map(|n| format!("CS{n:03}")).collect();
    let named: Vec<&str> = Rule::ALL.iter().map(|rule| rule.info().id).collect();
    assert_eq!(named, ids);
    let names: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.info().name).collect();
    assert_eq!(names.len(), Rule::ALL.len());
    for rule in Rule::ALL {
        let info = rule.info();
        assert_eq!(info.id.to_lowercase().parse(), Ok(*rule));
        assert_eq!(info.name.parse(), Ok(*rule));
        assert!(!info.reason.is_empty() && !info.source.is_empty() && !info.engines.is_empty());
    }
    assert!("CS999".parse::<Rule>().is_err());
}

#[test]
fn levels_change_findings() {
    let bytes = br#"{"defaultAction": "SCMP_ACT_ERRNO", "x": 1, "syscalls": []}"#;
    let mut options = options();
    let at = |options: &Options| of(&lint(bytes, options), Rule::UnknownField).len();
    assert_eq!(at(&options), 1);
    options.levels.insert(Rule::UnknownField, Level::Off);
    assert_eq!(at(&options), 0);
    let error = Level::At(callsieve::lint::Severity::Error);
    options.levels.insert(Rule::UnknownField, error);
    let report = lint(bytes, &options);
    let found = of(&report, Rule::UnknownField);
    assert_eq!(found[0].severity, callsieve::lint::Severity::Error);
}
