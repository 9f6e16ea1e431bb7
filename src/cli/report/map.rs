//! Every call of an architecture beside Docker's default, by subsystem.

use std::collections::BTreeMap;

use callsieve::event::CallId;
use callsieve::recording::Total;
use callsieve::syscalls::{Group, about, group};

use super::against::{Held, Reached, Stand};
use super::{Frame, name_of};

/// The map.
#[derive(Debug)]
pub(crate) struct Map {
    /// Whether it is about a profile, not about what was recorded.
    pub(crate) of_profile: bool,
    pub(crate) groups: Vec<(Group, Vec<Cell>)>,
    /// How many calls are in each state.
    pub(crate) counts: BTreeMap<State, usize>,
    /// Recorded calls.
    pub(crate) kinds: usize,
    /// Those that the default allows, with all or some arguments, and others.
    pub(crate) inside: usize,
    pub(crate) outside: Vec<String>,
    /// Those that it answers ENOSYS, on which callers fall back.
    pub(crate) absent: Vec<String>,
    /// Calls that the default allows, and that the profile does, at least with some arguments.
    pub(crate) default_allows: usize,
    pub(crate) profile_allows: usize,
    /// Recorded calls that the profile refuses although the default does not.
    pub(crate) lacking: Vec<String>,
}

/// How a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// Used, or in the profile, and in the default.
    Used,
    /// In the default alone.
    Removed,
    /// It depends: on arguments, or callers fall back where it is refused.
    Conditional,
    /// Used, or in the profile, and refused by the default.
    Beyond,
    /// Refused by both.
    Blocked,
}

impl State {
    pub(crate) const ALL: [Self; 5] = [
        Self::Used,
        Self::Removed,
        Self::Conditional,
        Self::Beyond,
        Self::Blocked,
    ];
}

/// A call.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) name: &'static str,
    pub(crate) state: State,
    /// Whether it was recorded.
    pub(crate) seen: bool,
    /// Whether it is used, or in the profile, where that does not follow from the state.
    pub(crate) used: bool,
    pub(crate) what: &'static str,
    /// What the default says of it, where that takes words.
    pub(crate) note: Option<String>,
}

impl Map {
    pub(super) fn of(frame: &Frame, held: &Held, calls: &BTreeMap<CallId, Total<'_>>) -> Self {
        let mut map = Self {
            of_profile: frame.profile.is_some(),
            groups: Group::ALL
                .into_iter()
                .map(|group| (group, Vec::new()))
                .collect(),
            counts: BTreeMap::new(),
            kinds: 0,
            inside: 0,
            outside: Vec::new(),
            absent: Vec::new(),
            default_allows: 0,
            profile_allows: 0,
            lacking: Vec::new(),
        };
        let seen = |name: &str| calls.keys().any(|call| name_of(call) == Some(name));
        for (name, default) in &held.default {
            let profile = held.profile.as_ref().and_then(|all| all.get(name));
            map.default_allows += usize::from(default.permits());
            map.profile_allows += usize::from(profile.is_some_and(Stand::permits));
            if seen(name) && default.permits() && profile.is_some_and(|it| !it.permits()) {
                map.lacking.push((*name).to_owned());
            }
            let cell = cell(name, default, profile, held, seen(name));
            *map.counts.entry(cell.state).or_default() += 1;
            let home = group(name);
            if let Some((_, cells)) = map.groups.iter_mut().find(|(it, _)| *it == home) {
                cells.push(cell);
            }
        }
        for call in calls.keys() {
            let default = name_of(call).and_then(|name| held.default.get(name));
            match default.map(|stand| stand.reached) {
                Some(Reached::Absent) => map.absent.push(call.to_string()),
                Some(Reached::Always | Reached::Sometimes)
                    if !held.seen_beyond.contains(&call.to_string()) =>
                {
                    map.inside += 1;
                }
                Some(_) | None => map.outside.push(call.to_string()),
            }
        }
        map.kinds = calls.len();
        map.groups.retain(|(_, cells)| !cells.is_empty());
        map
    }
}

fn cell(
    name: &'static str,
    default: &Stand,
    profile: Option<&Stand>,
    held: &Held,
    seen: bool,
) -> Cell {
    let used = profile.map_or(seen, Stand::permits);
    let beyond = match &held.beyond {
        Some(beyond) => beyond.contains(name),
        // What is answered ENOSYS on purpose has callers that fall back.
        None => seen && default.reached != Reached::Absent && held.seen_beyond.contains(name),
    };
    let narrowed = profile.is_some_and(|stand| stand.reached == Reached::Sometimes);
    let state = match default.reached {
        _ if beyond => State::Beyond,
        Reached::Sometimes => State::Conditional,
        Reached::Always if narrowed => State::Conditional,
        Reached::Always if used => State::Used,
        Reached::Always => State::Removed,
        Reached::Absent if profile.is_none() && seen => State::Conditional,
        Reached::Never | Reached::Absent => State::Blocked,
    };
    let note = match state {
        State::Used | State::Removed => None,
        State::Conditional | State::Beyond => Some(default.answer.clone()),
        State::Blocked => held.unless.get(name).cloned(),
    };
    Cell {
        name,
        state,
        seen,
        used,
        what: about(name).map_or("", |about| about.what),
        note,
    }
}
