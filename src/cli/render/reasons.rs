//! Why each name is in a profile, for machines; docs/reasons-format.md describes it.

use std::collections::BTreeMap;

use callsieve::profile::build::{Generated, Reason};
use serde::Serialize;

/// The reasons of every name, and what was left out.
pub(crate) fn json(generated: &Generated) -> String {
    let syscalls: BTreeMap<&str, Vec<Row>> = generated
        .reasons
        .iter()
        .map(|(name, reasons)| (name.as_str(), reasons.iter().map(row).collect()))
        .collect();
    let left_out = generated
        .left_out
        .iter()
        .map(|left| LeftOut {
            arch: left.arch.name(),
            syscall: left.call.to_string(),
            calls: left.calls,
            why: super::generated::why(left),
        })
        .collect();
    super::json(&Json {
        schema: 1,
        syscalls,
        left_out,
    })
}

fn row(reason: &Reason) -> Row {
    let mut row = Row {
        text: reason.to_string(),
        ..Row::default()
    };
    match reason {
        Reason::Observed {
            arch,
            calls,
            runs,
            by,
            first: (file, line),
            either,
        } => {
            row.kind = "observed";
            row.arch = Some(arch.name());
            row.calls = Some(*calls);
            row.runs = Some(*runs);
            row.by = by.iter().filter(|name| !name.is_empty()).cloned().collect();
            row.file = Some(file.clone());
            row.line = Some(*line);
            row.either = *either;
        }
        Reason::Floor(needed) => {
            row.kind = "runtime-floor";
            row.by.clone_from(&needed.by);
            row.phase = Some(needed.phase.name());
            row.evidence = Some(needed.evidence.name());
        }
        Reason::Implied(_) => row.kind = "always",
        Reason::Instead(_) => row.kind = "instead",
        Reason::Asked(_) => row.kind = "asked",
        Reason::Kept(_) => row.kind = "kept",
        Reason::Base(_) => row.kind = "base",
        Reason::Probed => row.kind = "enosys",
    }
    row
}

#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    syscalls: BTreeMap<&'a str, Vec<Row>>,
    left_out: Vec<LeftOut>,
}

#[derive(Serialize, Default)]
struct Row {
    kind: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    arch: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    by: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    either: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'static str>,
}

#[derive(Serialize)]
struct LeftOut {
    arch: &'static str,
    syscall: String,
    calls: u64,
    why: String,
}
