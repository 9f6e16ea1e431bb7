//! Logs of other tools: each is taken for what it is, and has the calls that an independent reader
//! found (sample-traces/expected-tools.py).

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;

use callsieve::arch::Arch;
use callsieve::event::Skip;
use callsieve::ingest::{Format, Options, Source, read};
use callsieve::recording::{self, Recording, RunBuilder};
use serde_json::Value;

use crate::samples;

/// What a case expects.
struct Case {
    name: String,
    trace: PathBuf,
    expected: Value,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for tool in fs::read_dir(samples()).unwrap() {
        let tool = tool.unwrap().path();
        if !tool.is_dir() {
            continue;
        }
        for case in fs::read_dir(&tool).unwrap() {
            let case = case.unwrap().path();
            let Ok(expected) = fs::read(case.join("expected.json")) else {
                continue;
            };
            let name = case.strip_prefix(samples()).unwrap();
            assert!(
                case.join("README.md").exists() || tool.join("README.md").exists(),
                "{} does not say where it comes from",
                name.display()
            );
            cases.push(Case {
                name: name.to_str().unwrap().to_owned(),
                trace: case.join("trace.txt"),
                expected: serde_json::from_slice(&expected).unwrap(),
            });
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(cases.len() > 30, "only {} cases", cases.len());
    cases
}

fn told(case: &Case) -> Option<Arch> {
    case.expected["told"]
        .as_str()
        .map(|arch| arch.parse().unwrap())
}

fn read_case(case: &Case, told: Option<Arch>) -> Result<Recording, String> {
    let mut run = RunBuilder::new("test", vec!["trace.txt".to_owned()]);
    let source = Source {
        name: "trace.txt".to_owned(),
        pid: None,
        reader: Box::new(File::open(&case.trace).unwrap()),
    };
    let format: Format = case.expected["format"].as_str().unwrap().parse().unwrap();
    let options = Options {
        format,
        told,
        threads: 1,
    };
    let tally = read([source], options, &mut run, &mut |_| ()).map_err(|e| e.to_string())?;
    Ok(Recording::of(run.finish(tally)))
}

#[test]
fn each_is_taken_for_what_it_is() {
    for case in cases() {
        let head = fs::read(&case.trace).unwrap();
        let found = Format::detect(&head, true).map(Format::name);
        assert_eq!(found, case.expected["format"].as_str(), "{}", case.name);
    }
}

/// Logs of strace are not taken for another tool's.
#[test]
fn strace_stays_strace() {
    for case in crate::cases() {
        for (_, path) in crate::files(&case) {
            let mut reader = callsieve::ingest::decompressed(File::open(&path).unwrap()).unwrap();
            let mut head = Vec::new();
            std::io::Read::read_to_end(
                &mut std::io::Read::take(&mut reader, callsieve::ingest::DETECT_BYTES as u64),
                &mut head,
            )
            .unwrap();
            assert_eq!(
                Format::detect(&head, false),
                Some(Format::Strace),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn calls_are_those_of_the_independent_reader() {
    let mut wrong = Vec::new();
    for case in cases() {
        let recording = match read_case(&case, told(&case)) {
            Ok(recording) => recording,
            Err(error) => {
                wrong.push(format!("{}: {error}", case.name));
                continue;
            }
        };
        let ours: BTreeMap<String, BTreeMap<String, u64>> = recording
            .totals()
            .into_iter()
            .map(|(arch, calls)| {
                let calls = calls
                    .into_iter()
                    .map(|(c, total)| (c.to_string(), total.calls));
                (arch.name().to_owned(), calls.collect())
            })
            .collect();
        let theirs: BTreeMap<String, BTreeMap<String, u64>> =
            serde_json::from_value(case.expected["calls"].clone()).unwrap();
        if ours != theirs {
            wrong.push(format!("{}:\n  {ours:?}\n  {theirs:?}", case.name));
        }
        let gaps: Vec<&str> = recording.gaps().map(|(_, gap)| gap.key()).collect();
        let mut expected: Vec<&str> = case.expected["gaps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|gap| gap.as_str().unwrap())
            .collect();
        expected.sort_by_key(|key| gaps.iter().position(|gap| gap == key));
        if gaps != expected {
            wrong.push(format!(
                "{}: gaps {gaps:?}, expected {expected:?}",
                case.name
            ));
        }
        let text = recording::write(&recording);
        let back = recording::read(text.as_bytes()).unwrap();
        assert_eq!(back, recording, "{}", case.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The runs of cases, but for where in their logs calls stand.
fn without_lines(names: &[&str]) -> Vec<recording::Run> {
    let cases = cases();
    let read = |name: &&str| {
        let case = cases.iter().find(|case| case.name == **name).unwrap();
        let recording = read_case(case, told(case)).unwrap();
        let mut run = recording.runs().next().unwrap().1.clone();
        run.tally = callsieve::event::Tally::default();
        for observed in run.calls.values_mut().flat_map(BTreeMap::values_mut) {
            observed.first.1 = 0;
        }
        run
    };
    names.iter().map(read).collect()
}

/// One journal and one log of the audit in several forms are the same, with their times.
#[test]
fn forms_of_one_log_are_the_same() {
    let exact = ["export", "json-pretty", "json-calls32"];
    let exact = exact.map(|form| format!("audit/journal-{form}"));
    let runs = without_lines(&exact.each_ref().map(String::as_str));
    for (form, run) in exact.iter().zip(&runs) {
        assert_eq!(
            format!("{:#?}", run.calls),
            format!("{:#?}", runs[0].calls),
            "{form}"
        );
    }
    // These have other times: those of the sender, exact to the second, since the machine began, or
    // none of journald's.
    let other = [
        "audit/journal-verbose",
        "audit/journal-short-precise",
        "audit/journal-short-iso",
        "audit/journal-short-monotonic",
        "audit/journal-cat",
    ];
    for (form, mut run) in other.iter().zip(without_lines(&other)) {
        for (arch, calls) in &mut run.calls {
            for (call, observed) in calls {
                observed.since_start = runs[0].calls[arch][call].since_start;
            }
        }
        assert!(run == runs[0], "{form}");
    }
    let runs = without_lines(&["audit/report-raw", "audit/report-en-us", "audit/report-de"]);
    assert!(runs[1] == runs[0] && runs[2] == runs[0]);
    // A report has what SECCOMP records have.
    let reports = [
        "audit/report-csv-extra",
        "audit/report-csv",
        "audit/report-text",
    ];
    let reports = without_lines(&reports);
    assert!(reports[1] == reports[2]);
    for report in &reports {
        for (arch, calls) in &report.calls {
            for (call, observed) in calls {
                let raw = &runs[0].calls[arch][call];
                let by_some = observed.by.keys().all(|by| raw.by.contains_key(by));
                assert!(observed.calls <= raw.calls && by_some, "{call}");
            }
        }
    }
    let kinds = |run: &recording::Run| run.calls.values().map(BTreeMap::len).sum::<usize>();
    assert_eq!(kinds(&reports[0]), kinds(&runs[0]));
}

/// Records of one capture, in four forms. What Docker's own profile refused left none: the kernel
/// logs errors only for filters that ask for it.
#[test]
fn records_under_dockers_profile() {
    let read = |name: &str| {
        let cases = cases();
        let case = cases.iter().find(|case| case.name == name).unwrap();
        read_case(case, Some(told(case).unwrap_or(Arch::X86_64))).unwrap()
    };
    let raw = read("audit/docker");
    let outcomes: BTreeMap<String, u64> = raw
        .totals()
        .into_values()
        .flat_map(|calls| calls.into_values().flat_map(|total| total.outcomes))
        .fold(BTreeMap::new(), |mut sum, (outcome, count)| {
            *sum.entry(outcome.to_string()).or_default() += count;
            sum
        });
    // For two programs: 8 calls logged, 8 refused with an error, one that killed it.
    let expected = [("failed", 16), ("sigsys", 2), ("unknown", 16)];
    assert_eq!(outcomes, expected.map(|(k, n)| (k.to_owned(), n)).into());
    // The same in other forms, but for where it stands.
    let rows = |recording: &Recording| {
        let (_, run) = recording.runs().next().unwrap();
        let mut calls = run.calls.clone();
        for observed in calls.values_mut().flat_map(BTreeMap::values_mut) {
            observed.first.1 = 0;
        }
        (calls, run.executables.clone())
    };
    let interpreted = read("audit/docker-interpreted");
    assert_eq!(rows(&interpreted), rows(&raw));
    // The other run of the same, so with other processes and times.
    let totals = |recording: &Recording| -> Vec<_> {
        let (_, run) = recording.runs().next().unwrap();
        let calls = run.calls.values().flatten();
        calls
            .map(|(call, o)| (call.clone(), o.calls, o.outcomes.clone()))
            .collect()
    };
    assert_eq!(totals(&read("audit/docker-enriched")), totals(&raw));
}

/// What the programs print stands between the lines of some tools; nothing else is left over.
#[test]
fn nothing_else_is_left_over() {
    let mut left = Vec::new();
    for case in cases() {
        let recording = read_case(&case, told(&case)).unwrap();
        for (_, run) in recording.runs() {
            for example in &run.tally.examples {
                left.push(format!("{}:{}: {}", case.name, example.line, example.text));
            }
            let strange = run.tally.skipped(Skip::NotUnderstood);
            assert!(strange * 20 <= run.tally.lines, "{}", case.name);
        }
    }
    expect_test::expect![[r#"
        qemu/aarch64:24:  = 4299
        qemu/x86_64:36:  = 0"#]]
    .assert_eq(&left.join("\n"));
}

/// A log that does not tell its architecture asks for it rather than guessing.
#[test]
fn the_architecture_is_asked_for() {
    let mut asked = 0;
    for case in cases() {
        if told(&case).is_some() {
            let error = read_case(&case, None).unwrap_err();
            assert!(
                error.contains("does not tell its architecture"),
                "{}: {error}",
                case.name
            );
            asked += 1;
        }
    }
    assert!(asked > 20);
}
