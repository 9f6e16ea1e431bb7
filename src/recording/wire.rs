//! The shape of a recording in JSON. docs/RECORDING-FORMAT.md describes it for others.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) format: String,
    pub(super) version: String,
    pub(super) runs: BTreeMap<String, Run>,
}

/// A run. `files` is skipped when the run's name is made.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    pub(super) source: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) files: Vec<String>,
    pub(super) complete: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) gaps: Vec<String>,
    pub(super) lines: u64,
    pub(super) calls: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) skipped: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) not_understood: Vec<Example>,
    pub(super) executables: BTreeMap<String, Executable>,
    pub(super) syscalls: BTreeMap<String, BTreeMap<String, Observed>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) recorder: Option<Recorder>,
}

/// Since 1.1.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recorder {
    pub(super) backend: String,
    pub(super) reason: String,
    pub(super) results: bool,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) known: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) labels: BTreeMap<String, String>,
    pub(super) milliseconds: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) remarks: BTreeMap<String, BTreeSet<String>>,
    /// Since 1.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) under: Option<Under>,
    /// Since 1.3: by program, architecture and call.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) runtime: BTreeMap<String, BTreeMap<String, BTreeMap<String, RuntimeCall>>>,
}

/// Since 1.3.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuntimeCall {
    pub(super) calls: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) filtered: u64,
}

/// Since 1.2.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Under {
    pub(super) profile: String,
    pub(super) enforced: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) denials: Vec<Denial>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) dropped: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Denial {
    pub(super) arch: String,
    pub(super) call: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) args: BTreeMap<u8, u64>,
    pub(super) answer: String,
    pub(super) by: String,
    pub(super) pid: u32,
    pub(super) calls: u64,
    pub(super) milliseconds: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) ends: BTreeMap<String, DenialEnd>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DenialEnd {
    pub(super) processes: u64,
    pub(super) milliseconds: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Example {
    pub(super) file: usize,
    pub(super) line: u64,
    pub(super) text: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) shape: String,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(super) lines: u64,
}

const fn one() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_one(number: &u64) -> bool {
    *number == 1
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Executable {
    pub(super) processes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pid: Option<u32>,
    /// Since 1.1.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) names: BTreeSet<String>,
    /// Since 1.1.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) ends: BTreeMap<String, u64>,
    /// Since 1.3.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) started_by: BTreeMap<String, u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Observed {
    pub(super) calls: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) either: bool,
    pub(super) outcomes: BTreeMap<String, u64>,
    pub(super) by: BTreeMap<String, Caller>,
    pub(super) first: First,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) args: BTreeMap<String, Argument>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Caller {
    pub(super) calls: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pid: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct First {
    pub(super) file: usize,
    pub(super) line: u64,
    /// Since 1.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) milliseconds: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Argument {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) values: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) unseen: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) overflow: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
