//! What differs between the profile and the one that it is compared with.

use std::collections::{BTreeMap, BTreeSet};

use callsieve::arch::Arch;
use callsieve::profile::diff::{CallId, Change, Difference, Extent, Listed};
use callsieve::profile::{DockerRelease, View, docker_default};
use callsieve::syscalls::{About, about};

use super::Subject;
use crate::cli::error::CommandError;
use crate::cli::explanation::words;
use crate::cli::operand::{self, Operand};
use crate::cli::render::difference;

/// The comparison.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(crate) old: String,
    pub(crate) new: String,
    pub(crate) native: Arch,
    /// All counts in one sentence.
    pub(crate) counts: String,
    pub(crate) identical: bool,
    /// What gets farther, the riskiest first.
    pub(crate) wider: Vec<Row>,
    /// What gets less far.
    pub(crate) narrower: Vec<Row>,
    /// What is answered in another way: both answers, and the calls.
    pub(crate) otherwise: BTreeMap<(String, String), Vec<String>>,
    /// Architectures that one of the two is for.
    pub(crate) one_sided: Vec<(Arch, bool)>,
    /// Names that no architecture has, which engines ignore.
    pub(crate) unknown: Vec<String>,
}

/// A call.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) call: String,
    pub(crate) arches: Vec<Arch>,
    pub(crate) old: String,
    pub(crate) new: String,
    pub(crate) about: Option<&'static About>,
    /// Whether Docker's default refuses what is new.
    pub(crate) outside: bool,
    /// The programs that made it while recorded, with most calls first.
    pub(crate) by: Vec<(String, u64)>,
    /// Arguments that show the difference.
    pub(crate) example: Option<String>,
}

impl Subject<'_> {
    /// The comparison, if there is one to make.
    pub(super) fn changes(&self, arches: &BTreeSet<Arch>) -> Result<Option<Changes>, CommandError> {
        let (Some(new), Some(old)) = (self.profile, self.against) else {
            return Ok(None);
        };
        let recorded: Vec<Arch> = arches.iter().copied().collect();
        let native = self
            .told
            .or_else(|| new.native())
            .or_else(|| old.native())
            .or_else(|| operand::native_of(&recorded));
        let native = operand::native(native, &[], "neither profile tells its architecture")?;
        let view = self.engine.view(native);
        let host = self.host.host(native)?;
        let resolve = |it: &Operand| it.resolve(view, &host);
        let (old_profile, new_profile) = (resolve(old), resolve(new));
        let between = |old, new, view: View| {
            Difference::between(old, new, &view).map_err(|error| CommandError::input("", &error))
        };
        let difference = between(&old_profile, &new_profile, view)?;
        let default = docker_default(DockerRelease::NEWEST).resolve(&host);
        let beyond: BTreeSet<(Arch, CallId)> = between(&default, &new_profile, view)?
            .wider
            .into_iter()
            .map(|change| (change.arch, change.call))
            .collect();
        let outside: difference::Outside = difference
            .wider
            .iter()
            .map(|change| (change.arch, change.call.clone()))
            .filter(|key| beyond.contains(key))
            .collect();
        let row = |change: &Change| self.row(change, &outside);
        let mut wider = together(difference.wider.iter().map(row));
        wider.sort_by_key(|row| std::cmp::Reverse(rank(row)));
        let mut otherwise: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for change in &difference.changed {
            let key = (change.old.to_string(), change.new.to_string());
            otherwise
                .entry(key)
                .or_default()
                .push(change.call.to_string());
        }
        Ok(Some(Changes {
            old: old.name.clone(),
            new: new.name.clone(),
            native,
            counts: difference::count_line(&difference, Some(&outside)),
            identical: difference.is_identical(),
            narrower: together(difference.narrower.iter().map(row)),
            wider,
            otherwise,
            one_sided: difference
                .arches
                .iter()
                .filter(|(_, summary)| summary.listed != Listed::Both)
                .map(|(arch, summary)| (*arch, summary.listed == Listed::NewOnly))
                .collect(),
            unknown: difference
                .unknown_names
                .iter()
                .map(ToString::to_string)
                .collect(),
        }))
    }

    fn row(&self, change: &Change, outside: &difference::Outside) -> Row {
        let name = match &change.call {
            CallId::Name(name) => Some(name.as_str()),
            CallId::AnyOther | CallId::AnyFrom(_) | CallId::WholeArchitecture => None,
        };
        let answer = |answer| words::answer(answer, change.arch, name.unwrap_or_default());
        let example = change
            .witness
            .filter(|_| change.extent == Extent::ByArgument);
        Row {
            call: change.call.to_string(),
            arches: vec![change.arch],
            old: answer(&change.old),
            new: answer(&change.new),
            about: name.and_then(about),
            outside: outside.contains(&(change.arch, change.call.clone())),
            by: name.map_or_else(Vec::new, |name| self.makers(change.arch, name)),
            example: example.map(|witness| {
                let last = witness.args.iter().rposition(|arg| *arg != 0);
                let args = witness.args.iter().take(last.unwrap_or_default() + 1);
                let args: Vec<String> = args.map(|arg| format!("{arg:#x}")).collect();
                format!("({}): {} → {}", args.join(", "), witness.old, witness.new)
            }),
        }
    }

    /// Who made a call while recorded.
    fn makers(&self, arch: Arch, name: &str) -> Vec<(String, u64)> {
        let mut makers: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, run) in self.recording.runs() {
            let calls = run.calls.get(&arch).into_iter().flatten();
            for (_, observed) in calls.filter(|(call, _)| super::name_of(call) == Some(name)) {
                for (program, caller) in &observed.by {
                    let sum = makers.entry(program).or_default();
                    *sum = sum.saturating_add(caller.calls);
                }
            }
        }
        let mut makers: Vec<(String, u64)> = makers
            .into_iter()
            .map(|(program, calls)| (program.to_owned(), calls))
            .collect();
        makers.sort_by_key(|(_, calls)| std::cmp::Reverse(*calls));
        makers
    }
}

/// Rows that differ in nothing but the architecture are one.
fn together(rows: impl Iterator<Item = Row>) -> Vec<Row> {
    let mut all: Vec<Row> = Vec::new();
    let mut known: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    for row in rows {
        let key = (row.call.clone(), row.old.clone(), row.new.clone());
        if let Some(same) = known.get(&key).and_then(|at| all.get_mut(*at)) {
            same.arches.extend(row.arches);
            same.outside |= row.outside;
            if same.by.is_empty() {
                same.by = row.by;
            }
            continue;
        }
        known.insert(key, all.len());
        all.push(row);
    }
    all.sort_by(|one, other| one.call.cmp(&other.call));
    all
}

/// What a reviewer looks at first: what is outside the default, then by risk. Anything may be
/// among what has no name.
fn rank(row: &Row) -> (bool, u8) {
    (
        row.outside,
        row.about.map_or(u8::MAX, |about| about.risk.class()),
    )
}
