//! What came of a container under a profile: each step, and what was refused meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use callsieve::arch::Arch;
use callsieve::enforce::Report;
use callsieve::profile::floor::{Evidence, Phase};
use serde::Serialize;

use super::denied::{Denied, Lack};
use super::safe;
use super::verified::{
    BOLD, GREEN, JsonDenial, PLAIN, RED, YELLOW, advice, denial, reason, refusals,
};
use super::wrap::Page;
use crate::cli::operand::ProfileFile;
use crate::cli::trial::{Done, Failure, Outcome, Seen};

/// An outcome and what it was of.
#[derive(Debug)]
pub(crate) struct Tried<'a> {
    pub(crate) image: &'a str,
    pub(crate) profile: &'a str,
    /// `docker 20.10.24, runc 1.1.5`
    pub(crate) engine: &'a str,
    /// `runc@1.1.5`, as `generate` takes it.
    pub(crate) floor: &'a str,
    pub(crate) native: Arch,
    pub(crate) outcome: &'a Outcome,
}

/// How many lines of what was said are told.
const LINES: usize = 3;
/// How long a line of it may be, in characters.
const LONGEST: usize = 300;

/// For people.
pub(crate) fn text(tried: &Tried<'_>, page: Page) -> String {
    let outcome = tried.outcome;
    let mut text = format!(
        "{BOLD}{}{PLAIN} under {} ({})\n\n",
        safe(tried.image),
        tried.profile,
        tried.engine
    );
    for done in &outcome.tried.done {
        step(&mut text, done, page.verbose);
    }
    meanings(&mut text, outcome);
    lacking(&mut text, outcome);
    seen(&mut text, tried);
    text.push('\n');
    text.push_str(&verdict(tried));
    text.push('\n');
    // Commands in it are to be copied.
    page.wrapped(&text) + &repair(tried, page.verbose)
}

fn step(text: &mut String, done: &Done, verbose: bool) {
    let name = done.step.name();
    let what = done
        .step
        .text()
        .map_or(String::new(), |what| format!("  {}", safe(what)));
    let remark = done
        .remark
        .as_ref()
        .map_or(String::new(), |remark| format!("  ({remark})"));
    // Writing to a string does not fail.
    let _infallible = match &done.failure {
        None => writeln!(text, "  {name:5}  {GREEN}ok{PLAIN}{what}{remark}"),
        Some(failure) => {
            let status = failure
                .status
                .map_or(String::new(), |status| format!("  status {status}"));
            writeln!(text, "  {name:5}  {RED}FAILED{PLAIN}{what}{status}{remark}")
        }
    };
    if let Some(failure) = &done.failure {
        for line in last_lines(failure, verbose) {
            let _infallible = writeln!(text, "         {line}");
        }
    }
}

/// The last lines of what was said, the most telling ones.
fn last_lines(failure: &Failure, verbose: bool) -> Vec<String> {
    let lines: Vec<&str> = failure
        .said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let from = if verbose {
        0
    } else {
        lines.len().saturating_sub(LINES)
    };
    let cut = |line: &&str| {
        let short: String = line.chars().take(LONGEST).collect();
        safe(&short)
    };
    lines
        .get(from..)
        .unwrap_or_default()
        .iter()
        .map(cut)
        .collect()
}

/// What the words of a failure mean.
fn meanings(text: &mut String, outcome: &Outcome) {
    let missing: BTreeSet<&str> = outcome.missing.iter().map(|it| it.name).collect();
    for symptom in &outcome.symptoms {
        // Only what this profile may be the reason of.
        let names: Vec<&str> = symptom
            .names
            .iter()
            .copied()
            .filter(|name| missing.contains(name))
            .collect();
        if !names.is_empty() {
            let _infallible = writeln!(
                text,
                "         {} missing: runtime floor ({})",
                names.join(" or "),
                symptom.meaning
            );
        }
    }
}

/// Calls of the runtime that the profile refuses.
fn lacking(text: &mut String, outcome: &Outcome) {
    if outcome.missing.is_empty() {
        return;
    }
    text.push_str("\nThe runtime makes these calls under the profile, which refuses them:\n");
    let widest = outcome.missing.iter().map(|it| it.name.len()).max();
    let widest = widest.unwrap_or_default();
    for missing in &outcome.missing {
        let color = match missing.needed.evidence {
            Evidence::Required | Evidence::Flaky => RED,
            Evidence::Observed | Evidence::Tried => YELLOW,
        };
        let _infallible = writeln!(
            text,
            "  {color}{:widest$}{PLAIN}  {}",
            missing.name, missing.needed
        );
    }
}

fn seen(text: &mut String, tried: &Tried<'_>) {
    let seen = match &tried.outcome.seen {
        Ok(seen) => seen,
        Err(why) => {
            let _infallible = writeln!(
                text,
                "\n{YELLOW}What is refused and survived was not looked for: {}{PLAIN}",
                safe(why)
            );
            return;
        }
    };
    for Seen { step, report, gaps } in seen {
        if !report.findings.is_empty() || report.dropped > 0 {
            let _infallible = writeln!(text, "\nRefused, {}:", safe(step));
            text.push_str(&refusals(report, tried.native));
        }
        for gap in gaps {
            let _infallible = writeln!(
                text,
                "\n{YELLOW}Not all of {} was seen: {gap}{PLAIN}",
                safe(step)
            );
        }
    }
}

/// What came of it, in a sentence.
pub(crate) fn verdict(tried: &Tried<'_>) -> String {
    let outcome = tried.outcome;
    let refused: BTreeSet<String> = outcome
        .seen
        .iter()
        .flatten()
        .flat_map(|seen| seen.report.refused())
        .map(|finding| finding.denial.call.to_string())
        .collect();
    let refused: Vec<String> = refused.iter().map(|name| safe(name)).collect();
    let lacks: Vec<&str> = outcome.lacks().map(|it| it.name).collect();
    let mut text = match outcome.tried.failed() {
        Some((step, _)) => format!("{RED}It fails under the profile: {}.{PLAIN}", step.name()),
        None if outcome.passed() => return format!("{GREEN}It works under the profile.{PLAIN}"),
        None => format!("{YELLOW}It works under the profile, with refusals.{PLAIN}"),
    };
    if !lacks.is_empty() {
        let _infallible = write!(text, " The runtime lacks {}.", lacks.join(", "));
    }
    if !refused.is_empty() {
        let _infallible = write!(text, " Refused: {}.", refused.join(", "));
    }
    text
}

/// The options of `generate` that would repair it.
fn repair(tried: &Tried<'_>, verbose: bool) -> String {
    let mut text = String::new();
    let options = floor_options(tried);
    if !options.is_empty() {
        let _infallible = writeln!(
            text,
            "\nFor the runtime:\n  callsieve generate RECORDING... {}",
            options.join(" ")
        );
    }
    text.push_str(&advice(&merged(tried.outcome), verbose));
    text
}

/// Options that bring the runtime's calls in.
fn floor_options(tried: &Tried<'_>) -> Vec<String> {
    let outcome = tried.outcome;
    let mut options = Vec::new();
    if outcome.missing.is_empty() {
        return options;
    }
    options.push(format!("--runtime-floor {}", tried.floor));
    let has = |phase| outcome.missing.iter().any(|it| it.needed.phase == phase);
    if has(Phase::Exec) {
        options.push("--exec".to_owned());
    }
    if has(Phase::Init) {
        options.push("--init".to_owned());
    }
    options
}

/// All refusals in one report.
fn merged(outcome: &Outcome) -> Report {
    let mut all = Report {
        findings: Vec::new(),
        dropped: 0,
    };
    for seen in outcome.seen.iter().flatten() {
        all.findings.extend(seen.report.findings.iter().cloned());
        all.dropped += seen.report.dropped;
    }
    all
}

/// For a review.
pub(crate) fn denied<'a>(tried: &Tried<'a>, file: Option<&'a ProfileFile>) -> Denied<'a> {
    let outcome = tried.outcome;
    let seen = outcome.seen.iter().flatten();
    let mut gaps: Vec<String> = seen
        .clone()
        .flat_map(|seen| {
            let gaps = seen.gaps.iter();
            gaps.map(|gap| format!("not all of {} was seen: {gap}", seen.step))
        })
        .collect();
    if let Err(why) = &outcome.seen {
        gaps.push(format!(
            "what is refused and survived was not looked for: {why}"
        ));
    }
    Denied {
        command: tried.image,
        profile: tried.profile,
        native: tried.native,
        verdict: anstream::adapter::strip_str(&verdict(tried)).to_string(),
        passed: outcome.passed() && gaps.is_empty(),
        failed: outcome
            .tried
            .failed()
            .map(|(step, failure)| (step.name(), failure.last_line().to_owned())),
        lacks: outcome
            .missing
            .iter()
            .map(|missing| Lack {
                call: missing.name,
                why: missing.needed.to_string(),
                fails: outcome.lacks().any(|lack| lack.name == missing.name),
            })
            .collect(),
        reports: seen
            .map(|seen| (format!("{}: ", seen.step), &seen.report))
            .collect(),
        gaps,
        file,
    }
}

/// For machines; docs/verify-format.md describes it.
pub(crate) fn json(tried: &Tried<'_>) -> String {
    let outcome = tried.outcome;
    let all = merged(outcome);
    super::json(&Json {
        schema: 1,
        image: tried.image,
        profile: tried.profile,
        engine: tried.engine,
        arch: tried.native.name(),
        passed: outcome.passed(),
        complete: outcome.complete(),
        steps: outcome.tried.done.iter().map(json_step).collect(),
        meanings: outcome
            .symptoms
            .iter()
            .map(|symptom| JsonMeaning {
                meaning: symptom.meaning,
                calls: symptom.names,
            })
            .collect(),
        missing: outcome
            .missing
            .iter()
            .map(|missing| JsonMissing {
                call: missing.name,
                why: missing.needed.to_string(),
                fails: matches!(
                    missing.needed.evidence,
                    Evidence::Required | Evidence::Flaky
                ),
            })
            .collect(),
        not_looked: outcome.seen.as_ref().err(),
        refused: outcome
            .seen
            .iter()
            .flatten()
            .map(|seen| JsonSeen {
                step: &seen.step,
                gaps: seen.gaps.iter().map(|gap| gap.key()).collect(),
                denials: seen.report.findings.iter().map(denial).collect(),
                dropped: seen.report.dropped,
            })
            .collect(),
        options: floor_options(tried),
        also: all
            .repairs()
            .iter()
            .map(|(name, by)| (name.as_str(), reason(by)))
            .collect(),
    })
}

fn json_step(done: &Done) -> JsonStep<'_> {
    JsonStep {
        step: done.step.name(),
        text: done.step.text(),
        ok: done.failure.is_none(),
        status: done.failure.as_ref().and_then(|failure| failure.status),
        said: done.failure.as_ref().map(|failure| failure.said.as_str()),
        runtime: done.failure.as_ref().is_some_and(|failure| failure.runtime),
        remark: done.remark.as_deref(),
    }
}

#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    image: &'a str,
    profile: &'a str,
    engine: &'a str,
    arch: &'a str,
    passed: bool,
    complete: bool,
    steps: Vec<JsonStep<'a>>,
    meanings: Vec<JsonMeaning>,
    missing: Vec<JsonMissing<'a>>,
    not_looked: Option<&'a String>,
    refused: Vec<JsonSeen<'a>>,
    options: Vec<String>,
    also: BTreeMap<&'a str, String>,
}

#[derive(Serialize)]
struct JsonStep<'a> {
    step: &'a str,
    text: Option<&'a str>,
    ok: bool,
    status: Option<i64>,
    said: Option<&'a str>,
    runtime: bool,
    remark: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonMeaning {
    meaning: &'static str,
    calls: &'static [&'static str],
}

#[derive(Serialize)]
struct JsonMissing<'a> {
    call: &'a str,
    why: String,
    fails: bool,
}

#[derive(Serialize)]
struct JsonSeen<'a> {
    step: &'a str,
    gaps: Vec<&'a str>,
    denials: Vec<JsonDenial<'a>>,
    dropped: u64,
}
