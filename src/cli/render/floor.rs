//! The floor of runtimes, for people and machines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use callsieve::profile::floor::{Evidence, Phase, Row, Runtime, Version};
use serde::Serialize;

use super::safe;

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

/// What a runtime called on this machine, beside what the table says of it.
#[derive(Debug)]
pub(crate) struct Measurement {
    pub(crate) runtime: Runtime,
    pub(crate) version: Version,
    pub(crate) phase: Phase,
    pub(crate) no_new_privileges: bool,
    /// How often it was looked at.
    pub(crate) starts: u32,
    /// What the table has.
    pub(crate) known: BTreeMap<&'static str, Evidence>,
    /// How often each call was made.
    pub(crate) calls: BTreeMap<String, u64>,
}

impl Measurement {
    fn evidence(&self, name: &str) -> Option<&'static str> {
        self.known.get(name).map(|evidence| evidence.name())
    }

    /// How many calls the table lacks.
    pub(crate) fn new_calls(&self) -> usize {
        let names = self.calls.keys().map(String::as_str);
        names.filter(|name| self.evidence(name).is_none()).count()
    }

    /// What the table has and was not seen.
    pub(crate) fn unseen(&self) -> Vec<&'static str> {
        let known = self.known.iter();
        known
            .filter(|(name, why)| **why != Evidence::Tried && !self.calls.contains_key(**name))
            .map(|(name, _)| *name)
            .collect()
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let privileges = if self.no_new_privileges {
            ", no-new-privileges"
        } else {
            ""
        };
        let mut text = format!(
            "{} {}: {}{privileges} (x86_64, {} times)\n",
            self.runtime, self.version, self.phase, self.starts
        );
        for (name, count) in &self.calls {
            let evidence = self.evidence(name).unwrap_or("not in the table");
            writeln!(text, "  {:<18} {count:>6}  {evidence}", safe(name)).unwrap_or_default();
        }
        text
    }

    /// For machines; docs/floor-format.md describes it.
    pub(crate) fn json(&self) -> String {
        let calls = self.calls.iter().map(|(name, count)| {
            let call = MeasuredCall {
                times: *count,
                evidence: self.evidence(name),
            };
            (name.as_str(), call)
        });
        super::json(&Measured {
            schema: 1,
            runtime: self.runtime.name(),
            version: self.version.to_string(),
            arch: "x86_64",
            phase: self.phase.name(),
            no_new_privileges: self.no_new_privileges,
            starts: self.starts,
            calls: calls.collect(),
            unseen: self.unseen(),
        })
    }
}

#[derive(Serialize)]
struct Measured<'a> {
    schema: u32,
    runtime: &'static str,
    version: String,
    arch: &'static str,
    phase: &'static str,
    no_new_privileges: bool,
    starts: u32,
    calls: BTreeMap<&'a str, MeasuredCall>,
    unseen: Vec<&'static str>,
}

#[derive(Serialize)]
struct MeasuredCall {
    times: u64,
    evidence: Option<&'static str>,
}
