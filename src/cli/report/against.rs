//! How each call of an architecture stands in Docker's default and in the profile.

use std::collections::{BTreeMap, BTreeSet};

use callsieve::profile::action::{ENOSYS, Reach};
use callsieve::profile::answer::Answer;
use callsieve::profile::diff::{CallId, Difference};
use callsieve::profile::eval::Meaning;
use callsieve::profile::{
    Action, ConditionalProfile, DockerRelease, Profile, View, docker_default,
};
use callsieve::recording::Recording;
use callsieve::syscalls::table;

use super::Frame;
use crate::cli::error::CommandError;
use crate::cli::explanation::words;
use crate::cli::observed::observed;

/// How far a call gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    /// With all arguments.
    Always,
    /// With some.
    Sometimes,
    /// With none.
    Never,
    /// With none, and the answer is ENOSYS.
    Absent,
}

/// What a profile answers.
#[derive(Debug, Clone)]
pub(crate) struct Stand {
    pub(crate) reached: Reached,
    /// In words.
    pub(crate) answer: String,
}

impl Stand {
    /// Whether it allows at least some calls.
    pub(crate) const fn permits(&self) -> bool {
        matches!(self.reached, Reached::Always | Reached::Sometimes)
    }

    /// Whether that depends on arguments.
    pub(crate) const fn depends(&self) -> bool {
        matches!(self.reached, Reached::Sometimes)
    }
}

/// All calls of an architecture by name.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) default: BTreeMap<&'static str, Stand>,
    /// What Docker's default would need to allow a call that this container does not get.
    pub(crate) unless: BTreeMap<&'static str, String>,
    /// What the profile answers, if there is one.
    pub(crate) profile: Option<BTreeMap<&'static str, Stand>>,
    /// Calls that get farther in the profile than in the default.
    pub(crate) beyond: Option<BTreeSet<String>>,
    /// Calls that were recorded, and that the default refuses with some of those arguments.
    pub(crate) seen_beyond: BTreeSet<String>,
}

impl Held {
    pub(super) fn of(frame: &Frame, recording: &Recording) -> Result<Self, CommandError> {
        // Docker's own default is resolved by Docker's rules, whoever loads the result.
        let docker = View::docker(frame.view.native);
        let default = stands(&Meaning::new(&frame.default, &docker), frame)?;
        let profile = match &frame.profile {
            Some(profile) => Some(stands(&Meaning::new(profile, &frame.view), frame)?),
            None => None,
        };
        let observed = observed(recording, &frame.host);
        Ok(Self {
            unless: unless(&docker_default(DockerRelease::NEWEST), &default, frame),
            beyond: match &frame.profile {
                Some(profile) => Some(beyond(profile, frame)?),
                None => None,
            },
            seen_beyond: beyond(&observed, frame)?,
            default,
            profile,
        })
    }
}

/// Calls that get farther in a profile than in the default.
fn beyond(profile: &Profile, frame: &Frame) -> Result<BTreeSet<String>, CommandError> {
    let difference = Difference::between(&frame.default, profile, &frame.view)
        .map_err(|error| CommandError::input("", &error))?;
    let here = difference
        .wider
        .iter()
        .filter(|change| change.arch == frame.arch);
    let names = here.filter_map(|change| match &change.call {
        CallId::Name(name) => Some(name.to_string()),
        CallId::AnyOther | CallId::AnyFrom(_) | CallId::WholeArchitecture => None,
    });
    Ok(names.collect())
}

fn stands(
    meaning: &Meaning<'_>,
    frame: &Frame,
) -> Result<BTreeMap<&'static str, Stand>, CommandError> {
    let arch = frame.arch;
    let mut all = BTreeMap::new();
    for (name, number) in table(arch).iter() {
        let answer = Difference::answer(meaning, arch, number)
            .map_err(|error| CommandError::input("", &error))?;
        let stand = Stand {
            reached: reached(&answer),
            answer: words::answer(&answer, arch, name),
        };
        all.insert(name, stand);
    }
    Ok(all)
}

fn reached(answer: &Answer) -> Reached {
    let permits = |action: Action| action.reach() == Reach::Permitted;
    match answer {
        Answer::Constant(action) if permits(*action) => Reached::Always,
        Answer::Constant(Action::Errno(ENOSYS)) => Reached::Absent,
        Answer::Constant(_) | Answer::NotListed | Answer::Listed { .. } => Reached::Never,
        Answer::Conditional(conditional) => {
            let actions = || {
                let cases = conditional.cases.iter().map(|case| case.action);
                cases.chain([conditional.otherwise])
            };
            // Where the cases are too many to be told, both are among them.
            if conditional.cases.is_empty() || (actions().any(permits) && !actions().all(permits)) {
                Reached::Sometimes
            } else if actions().all(permits) {
                Reached::Always
            } else {
                Reached::Never
            }
        }
    }
}

/// The rules that allow a refused call where they apply: with a capability, a newer kernel.
fn unless(
    docker: &ConditionalProfile,
    default: &BTreeMap<&'static str, Stand>,
    frame: &Frame,
) -> BTreeMap<&'static str, String> {
    let mut all: BTreeMap<&'static str, String> = BTreeMap::new();
    for rule in &docker.rules {
        if rule.rule.action.reach() != Reach::Permitted {
            continue;
        }
        for name in &rule.rule.names {
            let Some((known, stand)) = default.get_key_value(name.as_str()) else {
                continue;
            };
            if !matches!(stand.reached, Reached::Never | Reached::Absent) {
                continue;
            }
            let applies = (&rule.includes, &rule.excludes);
            let about = (frame.arch, *known);
            let text = words::rule(rule.rule.action, &rule.rule.conditions, applies, about);
            all.entry(known).or_insert(text);
        }
    }
    all
}
