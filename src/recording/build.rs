//! From sightings to a run.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Caller, Observed, Run};
use crate::event::{Capture, Image, Sighting, Sink, Tally};

/// More programs than this are counted under one name; a bound against a log of made-up paths.
const MAX_EXECUTABLES: usize = 1_000;
/// That name.
const OTHERS: &str = "(others)";

/// Gathers what a source reports of one run.
#[derive(Debug)]
pub struct RunBuilder {
    run: Run,
}

impl RunBuilder {
    /// A run of a source such as `strace`, read from `files` (names without folders, in the
    /// order in which they are read).
    pub fn new(source: &str, files: Vec<String>) -> Self {
        Self {
            run: Run {
                source: source.to_owned(),
                files,
                tally: Tally::default(),
                executables: BTreeMap::new(),
                calls: BTreeMap::new(),
                capture: None,
            },
        }
    }

    /// Notes how a recorder took it.
    #[must_use]
    pub fn captured(mut self, capture: Capture) -> Self {
        self.run.capture = Some(capture);
        self
    }

    /// The run, with what its source could not use.
    pub fn finish(mut self, tally: Tally) -> Run {
        self.run.tally = tally;
        for time in self.times() {
            *time = to_milliseconds(*time);
        }
        self.run
    }

    /// When calls were made first, where that is known.
    fn times(&mut self) -> impl Iterator<Item = &mut Duration> {
        let calls = self.run.calls.values_mut().flat_map(BTreeMap::values_mut);
        calls.filter_map(|observed| observed.since_start.as_mut())
    }

    fn executable(&mut self, image: &Image) -> String {
        let name = image.executable.as_deref().unwrap_or_default();
        let known = self.run.executables.contains_key(name);
        let name = if known || self.run.executables.len() < MAX_EXECUTABLES {
            name
        } else {
            OTHERS
        };
        let executable = self.run.executables.entry(name.to_owned()).or_default();
        executable.processes = executable.processes.saturating_add(image.processes);
        executable.pid = lower(executable.pid, image.pid);
        executable.names.extend(image.names.iter().cloned());
        add_all(&mut executable.ends, &image.ends);
        add_all(&mut executable.started_by, &image.started_by);
        name.to_owned()
    }
}

/// Adds counts to those of the same name; beyond a bound of names, under one.
fn add_all(sums: &mut BTreeMap<String, u64>, counts: &BTreeMap<String, u64>) {
    for (name, count) in counts {
        let room = sums.len() < MAX_EXECUTABLES || sums.contains_key(name);
        let name = if room { name } else { OTHERS };
        let sum = sums.entry(name.to_owned()).or_default();
        *sum = sum.saturating_add(*count);
    }
}

/// As exact as a recording is.
fn to_milliseconds(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

fn lower(one: Option<u32>, other: Option<u32>) -> Option<u32> {
    [one, other].into_iter().flatten().min()
}

impl Sink for RunBuilder {
    fn begins_earlier(&mut self, by: Duration) {
        for time in self.times() {
            *time = time.saturating_add(by);
        }
    }

    fn image(&mut self, image: &Image, sightings: Vec<Sighting>) {
        let name = self.executable(image);
        for sighting in sightings {
            let file = self
                .run
                .files
                .iter()
                .position(|file| *file == sighting.first.file);
            let first = (file.unwrap_or_default(), sighting.first.line);
            let since_start = sighting.since_start;
            let observed = self
                .run
                .calls
                .entry(sighting.arch)
                .or_default()
                .entry(sighting.call)
                .or_insert_with(|| Observed {
                    calls: 0,
                    either: true,
                    outcomes: BTreeMap::new(),
                    by: BTreeMap::new(),
                    args: BTreeMap::new(),
                    first,
                    since_start,
                });
            observed.calls = observed.calls.saturating_add(sighting.calls);
            observed.either &= sighting.either;
            let soonest = |time: Option<Duration>| time.unwrap_or(Duration::MAX);
            if (soonest(since_start), first) < (soonest(observed.since_start), observed.first) {
                (observed.first, observed.since_start) = (first, since_start);
            }
            for (outcome, count) in sighting.outcomes {
                let sum = observed.outcomes.entry(outcome).or_default();
                *sum = sum.saturating_add(count);
            }
            for (index, facts) in &sighting.args {
                observed.args.entry(*index).or_default().absorb(facts);
            }
            let caller: &mut Caller = observed.by.entry(name.clone()).or_default();
            caller.calls = caller.calls.saturating_add(sighting.calls);
            caller.pid = lower(caller.pid, image.pid);
        }
    }
}
