//! A comparison of two profiles: what got wider first and in full, what got narrower counted.

mod data;
mod github;
mod headline;
mod markdown;
mod sarif;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use callsieve::arch::Arch;
use callsieve::lint::Span;
use callsieve::profile::diff::{Answer, CallId, Change, Difference, Extent};
use callsieve::syscalls::{Risk, about};

use super::add;
use super::pieces::{Line, own};
use crate::cli::causes::{Cause, Causes};
use crate::cli::operand::ProfileFile;

pub(crate) use data::{json, relation, value};
pub(crate) use github::{annotations, github};
pub(crate) use headline::{count_line, headline};
pub(crate) use markdown::{details, markdown, wider_table};
pub(crate) use sarif::{RULES, found, sarif};
pub(crate) use text::{text, wider_with_rules};

/// What a comparison was of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heading<'a> {
    pub(crate) old: &'a str,
    pub(crate) new: &'a str,
    pub(crate) native: Arch,
    pub(crate) container: &'a str,
}

/// Calls of `wider` that are outside Docker's default as well, where that was asked.
pub(crate) type Outside = BTreeSet<(Arch, CallId)>;

/// A comparison and what a reviewer wants to know besides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compared<'a> {
    pub(crate) difference: &'a Difference,
    pub(crate) heading: Heading<'a>,
    /// `None` where it was not asked.
    pub(crate) outside: Option<&'a Outside>,
    /// Who made the calls; `None` without recordings.
    pub(crate) causes: Option<&'a Causes>,
    /// The file that is judged; `None` where there is none.
    pub(crate) file: Option<&'a ProfileFile>,
}

/// A change, all architectures where it is the same, and what is known of it there.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) change: &'a Change,
    pub(crate) arches: Vec<Arch>,
    /// `None` where it was not asked.
    pub(crate) outside: Option<bool>,
    /// Who made the call; empty without recordings.
    pub(crate) causes: Vec<Line>,
}

impl<'a> Compared<'a> {
    /// A comparison of which nothing else is known.
    pub(crate) const fn plain(difference: &'a Difference, heading: Heading<'a>) -> Self {
        Self {
            difference,
            heading,
            outside: None,
            causes: None,
            file: None,
        }
    }

    /// Whether what is wider is outside Docker's default, where that was asked.
    pub(crate) fn outside_default(&self, change: &Change) -> Option<bool> {
        let outside = self.outside?;
        Some(outside.contains(&(change.arch, change.call.clone())))
    }

    /// Who made a call; `None` if no recording has it.
    pub(crate) fn cause(&self, change: &Change) -> Option<&'a Cause> {
        self.causes?.get(change.arch, &change.call)
    }

    /// Where the judged file speaks of a call: a name in a rule that permits it, a name, or else
    /// the default action.
    pub(crate) fn span(&self, change: &Change) -> Option<Span> {
        let name = name(change).filter(|_| !change.by_default);
        self.file?.span(name)
    }

    /// What got wider, the worst first.
    pub(crate) fn wider(&self) -> Vec<Row<'a>> {
        let changes: Vec<&Change> = self.difference.wider.iter().collect();
        let mut rows = self.together(&changes);
        rows.sort_by_key(|row| std::cmp::Reverse((row.outside == Some(true), rank(row.change))));
        rows
    }

    /// What a recording has and the new profile does not permit any more: the program will miss
    /// it.
    pub(crate) fn missed(&self) -> Vec<Row<'a>> {
        let narrower = self.difference.narrower.iter();
        let changes: Vec<&Change> = narrower
            .filter(|it| it.extent == Extent::Whole && self.cause(it).is_some())
            .collect();
        self.together(&changes)
    }

    /// Changes that differ in nothing but the architecture, with all their architectures.
    pub(crate) fn together(&self, changes: &[&'a Change]) -> Vec<Row<'a>> {
        let mut rows: Vec<(&Change, Vec<Arch>, Option<bool>)> = Vec::new();
        let mut known: BTreeMap<(&CallId, String, String, Option<bool>), usize> = BTreeMap::new();
        for change in changes {
            let outside = self.outside_default(change);
            let answers = (change.old.to_string(), change.new.to_string());
            let key = (&change.call, answers.0, answers.1, outside);
            if let Some((_, arches, _)) = known.get(&key).and_then(|at| rows.get_mut(*at)) {
                arches.push(change.arch);
            } else {
                known.insert(key, rows.len());
                rows.push((change, vec![change.arch], outside));
            }
        }
        rows.sort_by(|(one, ..), (other, ..)| one.call.cmp(&other.call));
        rows.into_iter()
            .map(|(change, arches, outside)| Row {
                causes: self.causes_on(change, &arches),
                change,
                arches,
                outside,
            })
            .collect()
    }

    /// Who made a call on some of these architectures, or that nobody did.
    fn causes_on(&self, change: &Change, arches: &[Arch]) -> Vec<Line> {
        let Some(causes) = self.causes else {
            return Vec::new();
        };
        let known: Vec<(Arch, &Cause)> = arches
            .iter()
            .filter_map(|arch| Some((*arch, causes.get(*arch, &change.call)?)))
            .collect();
        if known.is_empty() {
            return vec![vec![own("no recording has it")]];
        }
        let several = self.difference.arches.len() > 1;
        known
            .into_iter()
            .map(|(arch, cause)| {
                let mut line = Line::new();
                if several {
                    line.push(own(format!("{arch}: ")));
                }
                line.extend(cause.line());
                line
            })
            .collect()
    }
}

impl Row<'_> {
    /// Where Docker's default stands, where that was asked.
    pub(crate) fn default(&self) -> Option<&'static str> {
        self.outside.map(|outside| {
            if outside {
                "OUTSIDE Docker's default"
            } else {
                "inside Docker's default"
            }
        })
    }

    /// Class and reason of a call that a reviewer should look at.
    pub(crate) fn risk(&self) -> Option<String> {
        name(self.change).and_then(super::risk)
    }
}

/// The class of a call that a reviewer should look at; more for what has no name, as anything may
/// be among it.
fn rank(change: &Change) -> u8 {
    match name(change).map(about) {
        Some(known) => known
            .map(|about| about.risk)
            .filter(|risk| *risk >= Risk::Watch)
            .map_or(0, Risk::class),
        None => Risk::Host.class() + 1,
    }
}

fn name(change: &Change) -> Option<&str> {
    match &change.call {
        CallId::Name(name) => Some(name.as_str()),
        CallId::AnyOther | CallId::AnyFrom(_) | CallId::WholeArchitecture => None,
    }
}

/// How many calls changes are about: a whole architecture counts as those that it permits.
fn calls<'c, I: IntoIterator<Item = &'c Change>>(changes: I) -> usize {
    let count = |change: &Change| match (&change.old, &change.new) {
        (Answer::Listed { permitted, .. }, Answer::NotListed)
        | (Answer::NotListed, Answer::Listed { permitted, .. }) => *permitted,
        _ => 1,
    };
    changes.into_iter().map(count).sum()
}

/// What is answered before and after, and arguments that show the difference.
pub(crate) fn answers(change: &Change) -> String {
    let mut text = format!("{} -> {}", change.old, change.new);
    if let Some(witness) = &change.witness {
        let last = witness.args.iter().rposition(|arg| *arg != 0);
        let args: Vec<String> = witness
            .args
            .iter()
            .take(last.unwrap_or_default() + 1)
            .map(|arg| format!("{arg:#x}"))
            .collect();
        let (old, new) = (witness.old, witness.new);
        add(
            &mut text,
            format_args!("; as ({}): {old} -> {new}", args.join(", ")),
        );
    }
    text
}
