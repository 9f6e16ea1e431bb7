//! A comparison for machines.

use std::collections::BTreeMap;

use callsieve::profile::diff::{CallId, Change, Difference, Extent, Listed, Relation};
use callsieve::syscalls::about;
use serde::Serialize;

use super::{Compared, name};
use crate::cli::causes::{Cause, Causes};
use crate::cli::render;

/// For machines; docs/diff-format.md describes it.
pub(crate) fn json(compared: &Compared<'_>) -> String {
    render::json(&value(compared))
}

/// What [`json`] writes.
pub(crate) fn value<'a>(compared: &Compared<'a>) -> impl Serialize + use<'a> {
    let Compared {
        difference,
        heading,
        ..
    } = compared;
    let rows = |changes: &[Change]| -> Vec<Row<'a>> {
        changes.iter().map(|change| row(change, compared)).collect()
    };
    let mut wider = rows(&difference.wider);
    for (row, change) in wider.iter_mut().zip(&difference.wider) {
        row.risk = name(change).and_then(about).map(|about| RiskJson {
            class: about.risk.class(),
            name: about.risk.name(),
            why: about.why,
        });
    }
    Json {
        schema: 1,
        old: heading.old,
        new: heading.new,
        native: heading.native.name(),
        relation: relation(difference),
        recordings: compared.causes.map(Causes::recordings),
        architectures: difference
            .arches
            .iter()
            .map(|(arch, summary)| {
                let listed = match summary.listed {
                    Listed::Both => "both",
                    Listed::OldOnly => "old",
                    Listed::NewOnly => "new",
                };
                let summary = ArchJson {
                    listed,
                    old_permitted: summary.old_permitted,
                    new_permitted: summary.new_permitted,
                    unchanged: summary.unchanged,
                };
                (arch.name(), summary)
            })
            .collect(),
        wider,
        narrower: rows(&difference.narrower),
        changed: rows(&difference.changed),
        unchanged: difference.unchanged(),
        unknown_names: difference
            .unknown_names
            .iter()
            .map(ToString::to_string)
            .collect(),
    }
}

/// How what is permitted by the new profile stands to what is by the old.
pub(crate) const fn relation(difference: &Difference) -> &'static str {
    match difference.relation {
        Relation::Equal => "equal",
        Relation::Narrower => "narrower",
        Relation::Wider => "wider",
        Relation::Incomparable => "incomparable",
    }
}

fn row<'a>(change: &Change, compared: &Compared<'a>) -> Row<'a> {
    Row {
        arch: change.arch.name(),
        syscall: match &change.call {
            CallId::Name(name) => name.to_string(),
            CallId::AnyOther => "?".to_owned(),
            CallId::AnyFrom(number) => format!("?>={number}"),
            CallId::WholeArchitecture => "*".to_owned(),
        },
        old: change.old.to_string(),
        new: change.new.to_string(),
        by_argument: change.extent == Extent::ByArgument,
        risk: None,
        outside_default: compared.outside_default(change).filter(|is| *is),
        line: compared.span(change).map(|span| span.start.line),
        cause: compared.cause(change),
        old_by: change.old_because.clone(),
        new_by: change.new_because.clone(),
        example: change.witness.map(|witness| Example {
            args: witness.args.iter().map(|arg| format!("{arg:#x}")).collect(),
            old: witness.old.to_string(),
            new: witness.new.to_string(),
        }),
    }
}

#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    old: &'a str,
    new: &'a str,
    native: &'static str,
    relation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recordings: Option<usize>,
    wider: Vec<Row<'a>>,
    narrower: Vec<Row<'a>>,
    changed: Vec<Row<'a>>,
    unchanged: usize,
    architectures: BTreeMap<&'static str, ArchJson>,
    unknown_names: Vec<String>,
}

#[derive(Serialize)]
struct ArchJson {
    listed: &'static str,
    old_permitted: usize,
    new_permitted: usize,
    unchanged: usize,
}

#[derive(Serialize)]
struct Row<'a> {
    arch: &'static str,
    syscall: String,
    old: String,
    new: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    by_argument: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<RiskJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outside_default: Option<bool>,
    /// In the file of the new profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a Cause>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    old_by: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    new_by: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<Example>,
}

#[derive(Serialize)]
struct RiskJson {
    class: u8,
    name: &'static str,
    why: &'static str,
}

#[derive(Serialize)]
struct Example {
    args: Vec<String>,
    old: String,
    new: String,
}
