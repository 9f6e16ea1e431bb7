//! What a report says, gathered here and written by [`super::render::html`].

mod against;
mod calls;
mod changes;
mod curve;
mod losses;
mod map;
mod programs;
mod why;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use callsieve::arch::Arch;
use callsieve::event::CallId;
use callsieve::profile::docker_default::{DockerRelease, docker_default};
use callsieve::profile::{Host, Profile, View};
use callsieve::recording::{Recording, Run};

use super::engine::EngineArgs;
use super::error::CommandError;
use super::host::HostArgs;
use super::operand::{self, Operand};
use super::render::{counted, recorded, screen};

pub(crate) use against::{Held, Stand};
pub(crate) use calls::{Call, Calls, Seen};
pub(crate) use changes::{Changes, Row as ChangeRow};
pub(crate) use curve::{Axis, Curve, Curves, Late};
pub(crate) use losses::Losses;
pub(crate) use map::{Cell, Map, State};
pub(crate) use programs::{Program, Programs};

/// What a page says.
#[derive(Debug)]
pub(crate) struct Report {
    /// What was recorded, for people.
    pub(crate) title: String,
    /// The runs, each by its name, and how many more there are.
    pub(crate) runs: (Vec<String>, usize),
    /// The profile that is judged.
    pub(crate) profile: Option<String>,
    /// The profile that it is compared with.
    pub(crate) against: Option<String>,
    /// Docker's default, with its release.
    pub(crate) default: String,
    /// Capabilities and engine, for people.
    pub(crate) container: String,
    /// Seconds since 1970, if somebody wants them on the page.
    pub(crate) made: Option<u64>,
    /// Calls, processes, programs and runs in all.
    pub(crate) calls: u64,
    pub(crate) processes: u64,
    pub(crate) programs: usize,
    pub(crate) run_count: usize,
    pub(crate) losses: Losses,
    pub(crate) sections: Vec<Section>,
    pub(crate) changes: Option<Changes>,
}

/// One architecture.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) arch: Arch,
    /// That of the engine.
    pub(crate) native: Arch,
    pub(crate) curves: Curves,
    pub(crate) map: Map,
    pub(crate) programs: Programs,
    pub(crate) calls: Calls,
    pub(crate) runs: usize,
}

/// What a page is about.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) recording: &'a Recording,
    pub(crate) profile: Option<&'a Operand>,
    pub(crate) against: Option<&'a Operand>,
    pub(crate) told: Option<Arch>,
    pub(crate) engine: &'a EngineArgs,
    pub(crate) host: &'a HostArgs,
    pub(crate) made: Option<u64>,
}

/// Whom an architecture is judged for.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) arch: Arch,
    pub(crate) view: View,
    pub(crate) host: Host,
    /// Docker's newest default, as the container gets it.
    pub(crate) default: Profile,
    /// The profile that is judged, as the engine loads it.
    pub(crate) profile: Option<Profile>,
}

/// Runs that are listed by name.
const MOST_RUNS: usize = 12;

impl Subject<'_> {
    /// Gathers all of it.
    pub(crate) fn report(&self) -> Result<Report, CommandError> {
        let mut arches = self.recording.arches();
        if let Some(told) = self.told {
            arches.retain(|arch| *arch == told || told.sub_architectures().contains(arch));
            if arches.is_empty() {
                return Err(CommandError::user(format!(
                    "the recordings have no calls of {told}"
                )));
            }
        }
        let totals = self.recording.totals();
        let mut sections = Vec::new();
        for arch in arches.iter().copied() {
            let frame = self.frame(arch, &arches)?;
            let empty = BTreeMap::new();
            let calls = totals.get(&arch).unwrap_or(&empty);
            let held = Held::of(&frame, self.recording)?;
            let map = Map::of(&frame, &held, calls);
            let why = why::Reasons::of(self, &frame, &arches);
            sections.push(Section {
                arch,
                native: frame.view.native,
                curves: Curves::of(self.recording, arch),
                programs: Programs::of(self.recording, calls),
                calls: Calls::of(self.recording, &frame, &held, calls, &why),
                runs: self.recording.runs().len(),
                map,
            });
        }
        Ok(Report {
            title: self.title(),
            runs: self.runs(),
            profile: self.profile.map(|profile| profile.name.clone()),
            against: self.against.map(|against| against.name.clone()),
            default: format!("docker-default@{}", DockerRelease::NEWEST),
            container: self.host.describe() + &self.engine.describe(),
            made: self.made,
            calls: self.sum(|run| run.tally.calls),
            processes: self.sum(|run| {
                let all = run.executables.values().map(|it| it.processes);
                all.fold(0, u64::saturating_add)
            }),
            programs: self.programs(),
            run_count: self.recording.runs().len(),
            losses: Losses::of(self.recording),
            changes: self.changes(&arches)?,
            sections,
        })
    }

    /// The engine and container that an architecture is judged for. Of architectures that one
    /// machine runs together, that is the machine.
    fn frame(&self, arch: Arch, arches: &BTreeSet<Arch>) -> Result<Frame, CommandError> {
        let runs = |native: &Arch| *native == arch || native.sub_architectures().contains(&arch);
        let together: Vec<Arch> = arches.iter().copied().collect();
        let native = self
            .told
            .or_else(|| self.profile.and_then(Operand::native))
            .filter(runs)
            .or_else(|| operand::native_of(&together))
            .or_else(|| operand::native_of(&[arch]))
            .unwrap_or(arch);
        let view = self.engine.view(native);
        let host = self.host.host(native)?;
        Ok(Frame {
            arch,
            view,
            default: docker_default(DockerRelease::NEWEST).resolve(&host),
            profile: self.profile.map(|profile| profile.resolve(view, &host)),
            host,
        })
    }

    fn sum(&self, of: impl Fn(&Run) -> u64) -> u64 {
        let all = self.recording.runs().map(|(_, run)| of(run));
        all.fold(0, u64::saturating_add)
    }

    fn programs(&self) -> usize {
        let all = self
            .recording
            .runs()
            .flat_map(|(_, run)| run.executables.keys());
        all.collect::<BTreeSet<_>>().len()
    }

    /// The programs that were recorded, or the names of the logs.
    fn title(&self) -> String {
        let names: BTreeSet<String> = self
            .recording
            .runs()
            .map(|(_, run)| run_name(run))
            .collect();
        let mut names = names.into_iter();
        match (names.next(), names.len()) {
            (None, _) => "nothing".to_owned(),
            (Some(first), 0) => first,
            (Some(first), more) => format!("{first} and {more} more"),
        }
    }

    fn runs(&self) -> (Vec<String>, usize) {
        let mut all: Vec<String> = self
            .recording
            .runs()
            .map(|(_, run)| run_line(self.recording, run))
            .collect();
        all.sort_unstable();
        let more = all.len().saturating_sub(MOST_RUNS);
        all.truncate(MOST_RUNS);
        (all, more)
    }
}

/// The name of a run: that of its program or of its file.
fn run_name(run: &Run) -> String {
    run.files
        .first()
        .cloned()
        .unwrap_or_else(|| "a run".to_owned())
}

/// `nginx: 5 processes, 12 345 calls, 2 min 14 s, with ptrace+seccomp`
fn run_line(recording: &Recording, run: &Run) -> String {
    let processes = run.executables.values().map(|it| it.processes);
    let mut parts = vec![
        screen::processes(processes.fold(0, u64::saturating_add)),
        counted(run.tally.calls, "calls"),
    ];
    match &run.capture {
        Some(capture) => {
            parts.push(recorded::duration(Duration::from_millis(
                capture.milliseconds,
            )));
            parts.push(format!("with {}", capture.backend));
            let labels = capture.labels.iter();
            parts.extend(labels.map(|(label, value)| format!("{label}={value}")));
        }
        None => parts.push(format!(
            "{} of {}",
            counted(run.tally.lines, "lines"),
            run.source
        )),
    }
    if recording.gaps_of(run).next().is_some() {
        parts.push("incomplete".to_owned());
    }
    format!("{}: {}", run_name(run), parts.join(", "))
}

/// The name of a call that has one.
fn name_of(call: &CallId) -> Option<&str> {
    match call {
        CallId::Name(name) => Some(name.as_str()),
        CallId::Number(_) => None,
    }
}

/// In milliseconds.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
