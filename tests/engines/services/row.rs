//! The table of what was found, a row a program.

use std::collections::BTreeSet;
use std::path::Path;

use super::trial::json;

/// The numbers of one profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    /// Calls that were recorded.
    pub(super) recorded: usize,
    /// Names that the profile allows.
    pub(super) allowed: usize,
    /// Those of them that it allows for the runtime alone.
    pub(super) floor: usize,
}

/// What was found of a program.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) program: &'static str,
    /// By purpose.
    pub(super) counts: [Counts; 4],
    pub(super) starts: u32,
}

/// The names that a profile allows, whatever it asks of their arguments.
pub(super) fn allowed(profile: &Path) -> BTreeSet<String> {
    let profile = json(profile);
    let rules = profile["syscalls"].as_array().unwrap();
    let allowing = rules
        .iter()
        .filter(|rule| rule["action"] == "SCMP_ACT_ALLOW");
    let names = allowing.flat_map(|rule| rule["names"].as_array().unwrap());
    names
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

impl Counts {
    pub(super) fn of(profile: &Path, reasons: &Path) -> Self {
        let (allowed, reasons) = (allowed(profile), json(reasons));
        let kinds = |name: &str| -> BTreeSet<String> {
            let reasons = reasons["syscalls"][name].as_array().unwrap();
            let kinds = reasons
                .iter()
                .map(|reason| reason["kind"].as_str().unwrap());
            kinds.map(str::to_owned).collect()
        };
        let names = reasons["syscalls"].as_object().unwrap();
        let observed = names.keys().filter(|name| kinds(name).contains("observed"));
        let left_out = reasons["left_out"].as_array().map_or(0, Vec::len);
        let only_floor = BTreeSet::from(["runtime-floor".to_owned()]);
        Self {
            recorded: observed.count() + left_out,
            floor: allowed
                .iter()
                .filter(|name| kinds(name) == only_floor)
                .count(),
            allowed: allowed.len(),
        }
    }
}

#[track_caller]
pub(super) fn compare(row: &Row) {
    println!("{row:?}");
}
