//! The event loop against scripts of stops, in orders that take luck to meet.

mod counting;
mod ending;
mod refusals;
mod threads;

use std::collections::BTreeMap;

use super::run_loop::{Loop, Rules};
use crate::arch::Arch;
use crate::event::{Capture, Gap, Image, Outcome, Remark, Sighting, Sink, Tally};
use crate::record::counts::Observations;
use crate::record::{Choice, Control, End, Finished, First, Progress, TerminalUse, Watch};
use crate::sys::fake::{Fake, Step, raw};
use crate::sys::kernel::{Asked, Resume, Signo, Tid, TraceOptions};

/// Numbers of `x86_64`.
const READ: u64 = 0;
const GETPID: u64 = 39;
const CLONE: u64 = 56;
const EXECVE: u64 = 59;
const PTRACE: u64 = 101;
const PRCTL: u64 = 157;
const EXIT_GROUP: u64 = 231;
const SECCOMP: u64 = 317;
const CLONE3: u64 = 435;

#[derive(Default)]
struct Watcher {
    enough: bool,
    stops: Vec<bool>,
    processes: Vec<usize>,
    firsts: Vec<String>,
    uses: Vec<TerminalUse>,
}

impl Watch for Watcher {
    fn started(&mut self, _choice: &Choice, _pid: Tid) {}

    fn first(&mut self, first: &First) {
        self.firsts.push(first.call.to_string());
    }

    fn tick(&mut self, progress: &Progress<'_>) -> Control {
        self.processes.push(progress.processes);
        if self.enough {
            Control::Enough
        } else {
            Control::Continue
        }
    }

    fn uses_terminal(&mut self, how: TerminalUse) {
        self.uses.push(how);
    }

    fn stopped(&mut self, stopped: bool) {
        self.stops.push(stopped);
    }
}

const FILTER: Rules = Rules {
    options: TraceOptions {
        processes: true,
        kill_on_exit: false,
    },
    how: Resume::Free,
    results: false,
    attached: false,
    container: false,
    keeps_privileges: true,
};

const RESULTS: Rules = Rules {
    how: Resume::ToCall,
    results: true,
    ..FILTER
};

const ATTACHED: Rules = Rules {
    how: Resume::ToCall,
    attached: true,
    ..FILTER
};

/// What a run came to.
struct Ran {
    log: Vec<String>,
    calls: BTreeMap<String, u64>,
    outcomes: BTreeMap<String, BTreeMap<Outcome, u64>>,
    images: BTreeMap<String, Image>,
    tally: Tally,
    capture: Capture,
    end: End,
    processes: u64,
    watcher: Watcher,
}

#[derive(Default)]
struct Gathered {
    images: BTreeMap<String, Image>,
    sightings: Vec<(String, Sighting)>,
}

impl Sink for Gathered {
    fn image(&mut self, image: &Image, sightings: Vec<Sighting>) {
        let name = image.executable.clone().unwrap_or_default();
        self.images.insert(name.clone(), image.clone());
        let named = sightings.into_iter().map(|it| (name.clone(), it));
        self.sightings.extend(named);
    }
}

fn ran(log: Vec<String>, finished: &Finished, watcher: Watcher) -> Ran {
    let mut gathered = Gathered::default();
    let tally = finished.seen.report(&mut gathered);
    let mut calls = BTreeMap::new();
    let mut outcomes = BTreeMap::new();
    for (program, sighting) in gathered.sightings {
        let name = if sighting.arch == Arch::X86_64 {
            format!("{program} {}", sighting.call)
        } else {
            format!("{program} {} {}", sighting.arch, sighting.call)
        };
        assert_eq!(sighting.outcomes.values().sum::<u64>(), sighting.calls);
        outcomes.insert(name.clone(), sighting.outcomes);
        calls.insert(name, sighting.calls);
    }
    Ran {
        log,
        calls,
        outcomes,
        images: gathered.images,
        tally,
        capture: finished.seen.capture().clone(),
        end: finished.end,
        processes: finished.processes,
        watcher,
    }
}

/// A program with process 10 that executes /bin/a, and then `steps`.
fn launched(rules: Rules, fake: Fake) -> Ran {
    run(rules, fake, Watcher::default(), |run| run.launched(Tid(10)))
}

fn run(
    rules: Rules,
    fake: Fake,
    mut watcher: Watcher,
    start: impl FnOnce(&mut Loop<'_, &mut Fake>),
) -> Ran {
    let mut fake = fake;
    let seen = Observations::new("a", Capture::default());
    let mut run = Loop::new(&mut fake, rules, seen, &mut watcher);
    start(&mut run);
    run.run().unwrap();
    let finished = run.finish();
    ran(fake.log, &finished, watcher)
}

fn script(steps: impl IntoIterator<Item = Step>) -> Fake {
    let begin = [
        // The recorder's child before it is the program: nobody counts that.
        Step::filter(10, EXECVE),
        Step::filter(10, EXECVE),
        Step::exec(10, 10),
    ];
    let mut fake = Fake::new(begin.into_iter().chain(steps));
    for tid in 10..20 {
        fake.programs.insert(Tid(tid), "/bin/a");
    }
    fake
}

fn calls(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
    pairs
        .iter()
        .map(|(name, n)| ((*name).to_owned(), *n))
        .collect()
}
