//! Programs, who started them, and what each needs.

use std::collections::{BTreeMap, BTreeSet};

use callsieve::event::CallId;
use callsieve::recording::{Recording, Total};

/// The programs that made calls on an architecture.
#[derive(Debug)]
pub(crate) struct Programs {
    /// Each after the one that started it.
    pub(crate) shown: Vec<Program>,
    /// Programs that are left out, and the kinds of calls that only they make.
    pub(crate) more: (usize, usize),
    /// All processes of all programs.
    pub(crate) processes: u64,
    /// All programs.
    pub(crate) all: usize,
}

/// A program.
#[derive(Debug, Default)]
pub(crate) struct Program {
    /// Empty for what ran before the first execve and where the source does not tell.
    pub(crate) path: String,
    /// How far it is from the first one, by who started whom.
    pub(crate) depth: usize,
    pub(crate) processes: u64,
    pub(crate) calls: u64,
    /// Names that its processes and threads gave themselves.
    pub(crate) names: BTreeSet<String>,
    pub(crate) ends: BTreeMap<String, u64>,
    /// Who started it, and how often.
    pub(crate) started_by: BTreeMap<String, u64>,
    /// Calls that no other program makes.
    pub(crate) only: Vec<String>,
    /// Calls that others make too.
    pub(crate) shared: Vec<String>,
    /// How many of those; they are left out where many programs have many.
    pub(crate) shared_count: usize,
}

/// Programs that are listed.
const MOST: usize = 60;
/// Names of shared calls that are listed in all.
const MOST_SHARED: usize = 4000;
/// How deep a list is indented.
const DEEPEST: usize = 6;

impl Programs {
    pub(super) fn of(recording: &Recording, calls: &BTreeMap<CallId, Total<'_>>) -> Self {
        let mut programs = by_name(recording);
        let mut makers: BTreeMap<String, Vec<(&CallId, bool)>> = BTreeMap::new();
        for (call, total) in calls {
            for (program, count) in &total.by {
                let known = programs
                    .entry((*program).to_owned())
                    .or_insert_with(|| Program {
                        path: (*program).to_owned(),
                        ..Program::default()
                    });
                known.calls = known.calls.saturating_add(*count);
                let alone = total.by.len() == 1;
                makers
                    .entry((*program).to_owned())
                    .or_default()
                    .push((call, alone));
            }
        }
        // A program of another architecture has its place there.
        let several = recording.arches().len() > 1;
        programs.retain(|name, _| !several || makers.contains_key(name));
        let processes = programs
            .values()
            .map(|it| it.processes)
            .fold(0, u64::saturating_add);
        let all = programs.len();
        let mut room = MOST_SHARED;
        let mut shown = Vec::new();
        let mut more = (0, 0);
        for (name, depth) in in_order(&programs) {
            let Some(mut program) = programs.remove(&name) else {
                continue;
            };
            let made = makers.remove(&name).unwrap_or_default();
            let (only, shared): (Vec<_>, Vec<_>) = made.into_iter().partition(|(_, alone)| *alone);
            if shown.len() >= MOST {
                more.0 += 1;
                more.1 += only.len();
                continue;
            }
            let names = |calls: Vec<(&CallId, bool)>| -> Vec<String> {
                calls
                    .into_iter()
                    .map(|(call, _)| call.to_string())
                    .collect()
            };
            program.depth = depth.min(DEEPEST);
            program.shared_count = shared.len();
            program.only = names(only);
            if shared.len() <= room {
                room -= shared.len();
                program.shared = names(shared);
            }
            shown.push(program);
        }
        Self {
            shown,
            more,
            processes,
            all,
        }
    }
}

/// What all runs know of each program.
fn by_name(recording: &Recording) -> BTreeMap<String, Program> {
    let mut programs: BTreeMap<String, Program> = BTreeMap::new();
    for (_, run) in recording.runs() {
        for (path, executable) in &run.executables {
            let program = programs.entry(path.clone()).or_default();
            program.path.clone_from(path);
            program.processes = program.processes.saturating_add(executable.processes);
            program.names.extend(executable.names.iter().cloned());
            for (end, count) in &executable.ends {
                let sum = program.ends.entry(end.clone()).or_default();
                *sum = sum.saturating_add(*count);
            }
            for (by, count) in &executable.started_by {
                let sum = program.started_by.entry(by.clone()).or_default();
                *sum = sum.saturating_add(*count);
            }
        }
    }
    programs
}

/// Each program after the one that started most of its processes, with its depth. Those with most
/// calls come first; those that started each other in a circle are cut open at the one with most calls.
fn in_order(programs: &BTreeMap<String, Program>) -> Vec<(String, usize)> {
    let mut children: BTreeMap<&str, Vec<&Program>> = BTreeMap::new();
    let mut roots: Vec<&Program> = Vec::new();
    for program in programs.values() {
        match starter(program, programs) {
            Some(parent) => children.entry(parent).or_default().push(program),
            None => roots.push(program),
        }
    }
    // Lists are taken from their ends. Of equal ones the names decide, as they are sorted already.
    let most_first = |list: &mut Vec<&Program>| {
        list.sort_by_key(|program| std::cmp::Reverse(program.calls));
        list.reverse();
    };
    let mut order = Vec::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    most_first(&mut roots);
    // What is in a circle hangs on no root.
    let mut rest: Vec<&Program> = programs.values().collect();
    most_first(&mut rest);
    let mut waiting: Vec<(&Program, usize)> = roots.into_iter().map(|it| (it, 0)).collect();
    loop {
        while let Some((program, depth)) = waiting.pop() {
            if !done.insert(&program.path) {
                continue;
            }
            order.push((program.path.clone(), depth));
            if let Some(mut list) = children.remove(program.path.as_str()) {
                most_first(&mut list);
                waiting.extend(list.into_iter().map(|it| (it, depth + 1)));
            }
        }
        match rest.pop() {
            Some(program) => waiting.push((program, 0)),
            None => return order,
        }
    }
}

/// The program that started most of the processes of another one.
fn starter<'a>(program: &'a Program, programs: &BTreeMap<String, Program>) -> Option<&'a str> {
    let known =
        |(name, _): &(&String, &u64)| **name != program.path && programs.contains_key(*name);
    // What a recording began with has nobody above it, whoever started more of it later.
    if program.started_by.contains_key("") {
        return None;
    }
    let known = program.started_by.iter().filter(known);
    known
        .max_by_key(|(_, count)| **count)
        .map(|(name, _)| name.as_str())
}
