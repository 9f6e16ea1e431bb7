//! The floor of runtimes, for people and machines.

use std::fmt::Write as _;

use callsieve::profile::floor::{Evidence, Row};
use serde::Serialize;

const EVIDENCE: [Evidence; 4] = [
    Evidence::Required,
    Evidence::Observed,
    Evidence::Flaky,
    Evidence::Tried,
];

fn names(row: &Row, evidence: Evidence) -> Vec<&'static str> {
    let calls = row.calls().filter(|(_, why)| *why == evidence);
    calls.map(|(name, _)| name).collect()
}

/// One row after the other, names by evidence.
pub(crate) fn text(rows: impl Iterator<Item = &'static Row>) -> String {
    let mut text = String::new();
    for row in rows {
        let gap = if text.is_empty() { "" } else { "\n" };
        let privileges = if row.no_new_privileges {
            ", no-new-privileges"
        } else {
            ""
        };
        writeln!(
            text,
            "{gap}{} {}: {}{privileges} (measured with {})",
            row.runtime,
            row.versions(),
            row.phase,
            row.measured
        )
        .unwrap_or_default();
        for evidence in EVIDENCE {
            for (at, line) in super::generated::wrapped(&names(row, evidence))
                .iter()
                .enumerate()
            {
                let label = if at == 0 { evidence.name() } else { "" };
                writeln!(text, "  {label:<10}{}", line.trim_start()).unwrap_or_default();
            }
        }
    }
    text
}

/// The same as a list of objects.
pub(crate) fn json(rows: impl Iterator<Item = &'static Row>) -> String {
    let rows: Vec<Json> = rows
        .map(|row| Json {
            runtime: row.runtime.name(),
            versions: row.versions(),
            measured: row.measured,
            arch: "x86_64",
            phase: row.phase.name(),
            no_new_privileges: row.no_new_privileges,
            required: names(row, Evidence::Required),
            observed: names(row, Evidence::Observed),
            flaky: names(row, Evidence::Flaky),
            tried: names(row, Evidence::Tried),
        })
        .collect();
    super::json(&rows)
}

#[derive(Serialize)]
struct Json {
    runtime: &'static str,
    versions: String,
    measured: &'static str,
    arch: &'static str,
    phase: &'static str,
    no_new_privileges: bool,
    required: Vec<&'static str>,
    observed: Vec<&'static str>,
    flaky: Vec<&'static str>,
    tried: Vec<&'static str>,
}
