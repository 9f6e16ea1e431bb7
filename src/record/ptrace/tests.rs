//! The event loop against scripts of stops, in orders that take luck to meet.

use std::collections::BTreeMap;

use super::run_loop::{Loop, Rules};
use crate::arch::Arch;
use crate::event::{Capture, Gap, Image, Outcome, Remark, Sighting, Sink, Tally};
use crate::record::counts::Observations;
use crate::record::{Choice, Control, End, Finished, First, Progress, Watch};
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

#[test]
fn counting_starts_at_the_first_execve_that_succeeds() {
    let ran = launched(
        FILTER,
        script([
            Step::filter(10, READ),
            Step::filter(10, READ),
            Step::filter(10, EXIT_GROUP),
            Step::exited(10, 7),
        ]),
    );
    assert_eq!(
        ran.calls,
        calls(&[
            ("/bin/a execve", 1),
            ("/bin/a exit_group", 1),
            ("/bin/a read", 2)
        ])
    );
    assert_eq!(ran.end, End::Exited(7));
    assert_eq!(ran.tally.gaps.len(), 0);
    assert_eq!(ran.processes, 1);
    assert_eq!(ran.watcher.firsts, ["execve", "read", "exit_group"]);
    assert!(
        ran.log.iter().all(|line| line == "10 free"),
        "{:?}",
        ran.log
    );
    assert_eq!(
        ran.images["/bin/a"].ends,
        BTreeMap::from([("exit 7".to_owned(), 1)])
    );
}

#[test]
fn a_program_that_never_starts_leaves_nothing() {
    let ran = launched(
        FILTER,
        Fake::new([Step::filter(10, EXECVE), Step::exited(10, 127)]),
    );
    assert_eq!(ran.tally.calls, 0);
    assert_eq!(ran.end, End::Exited(127));
}

#[test]
fn a_child_may_report_before_its_parent_does() {
    let ran = launched(
        FILTER,
        script([
            Step::trap(11),
            Step::fork(10, 11),
            Step::filter(11, GETPID),
            Step::exited(11, 0),
            Step::exited(10, 0),
        ]),
    );
    assert_eq!(ran.calls["/bin/a getpid"], 1);
    assert_eq!(ran.log[3..5], ["11 free", "10 free"]);
    assert_eq!(ran.processes, 2);
    assert_eq!(ran.images["/bin/a"].processes, 2);
}

#[test]
fn a_child_whose_parent_was_killed_does_not_wait_for_ever() {
    let ran = launched(
        FILTER,
        script([
            Step::trap(11),
            Step::killed(10, libc::SIGKILL),
            Step::tick(),
            Step::tick(),
            Step::filter(11, GETPID),
            Step::exited(11, 0),
        ]),
    );
    assert_eq!(ran.calls["/bin/a getpid"], 1);
    assert_eq!(ran.end, End::Killed(Signo(libc::SIGKILL)));
    assert_eq!(ran.processes, 2);
}

#[test]
fn threads_are_no_processes() {
    let mut fake = script([
        Step::clone(10, 11),
        Step::trap(11),
        Step::tick(),
        Step::filter(11, GETPID),
        Step::exited(11, 0),
        Step::exited(10, 0),
    ]);
    fake.leaders.insert(Tid(11), Tid(10));
    let ran = launched(FILTER, fake);
    assert_eq!(ran.processes, 1);
    assert_eq!(ran.watcher.processes, [1]);
    assert_eq!(ran.images["/bin/a"].processes, 2);
    assert_eq!(ran.images["/bin/a"].ends.values().sum::<u64>(), 1);
}

/// The thread that executes gets the leader's number; the leader vanishes without a word.
#[test]
fn execve_of_a_thread_that_leads_nothing() {
    let mut fake = script([
        Step::clone(10, 11),
        Step::trap(11),
        Step::clone(10, 12),
        Step::trap(12),
        Step::filter(11, EXECVE),
        Step::exited(12, 0),
        Step::exec(10, 11),
        Step::filter(10, READ),
        Step::exited(10, 0),
    ]);
    fake.leaders.insert(Tid(11), Tid(10));
    fake.leaders.insert(Tid(12), Tid(10));
    let ran = launched(FILTER, fake);
    assert_eq!(ran.calls["/bin/a execve"], 2);
    assert_eq!(ran.calls["/bin/a read"], 1);
    assert_eq!(ran.end, End::Exited(0));
    assert_eq!(ran.processes, 1);
}

/// Before a kill the stop is reported, and then there is nobody to ask.
#[test]
fn a_thread_killed_in_its_stop_has_made_no_call() {
    let mut fake = script([Step::killed_in_stop(10), Step::killed(10, libc::SIGKILL)]);
    fake.gone.push(Tid(10));
    let ran = launched(FILTER, fake);
    assert_eq!(ran.calls, calls(&[("/bin/a execve", 1)]));
    assert_eq!(ran.end, End::Killed(Signo(libc::SIGKILL)));
}

#[test]
fn signals_arrive_whatever_their_number() {
    let steps = [1, 5, 19, 32, 34, 64].map(|signal| Step::signal(10, signal));
    let ran = launched(FILTER, script(steps));
    assert_eq!(
        ran.log[3..],
        [
            "10 free with SIGHUP",
            "10 free with SIGTRAP",
            "10 free with SIGSTOP",
            "10 free with SIGRT_0",
            "10 free with SIGRT_2",
            "10 free with SIGRT_32",
        ]
    );
}

#[test]
fn a_group_stop_lasts_until_it_is_continued() {
    let ran = launched(
        FILTER,
        script([
            Step::signal(10, libc::SIGTSTP),
            Step::group(10, libc::SIGTSTP),
            Step::trap(10),
            Step::signal(10, libc::SIGCONT),
            Step::filter(10, READ),
        ]),
    );
    assert_eq!(
        ran.log[3..],
        [
            "10 free with SIGTSTP",
            "10 listens",
            "10 free",
            "10 free with SIGCONT",
            "10 free",
        ]
    );
    assert_eq!(ran.watcher.stops, [true, false]);
}

#[test]
fn nobody_escapes_the_tracer() {
    let flags = 0x0080_0000 | 0x11;
    let mut fake = script([
        Step::filter_with(10, CLONE, [flags, 0, 0, 0, 0, 0]),
        Step::filter_with(10, CLONE3, [0x1000, 88, 0, 0, 0, 0]),
        Step::filter_with(10, CLONE3, [0x2000, 88, 0, 0, 0, 0]),
        Step::exited(10, 0),
    ]);
    fake.memory.insert(0x1000, 0x0080_0100);
    let ran = launched(FILTER, fake);
    assert_eq!(
        ran.log[3..],
        [
            "10 argument 0 = 0x11",
            "10 free",
            "10 writes 0x100",
            "10 free",
            "10 free",
        ]
    );
    assert!(ran.capture.remarks.contains_key(&Remark::Untraced));
    assert_eq!(ran.tally.gaps.len(), 0);
}

/// What its own filter refuses is decided before ours is heard: from then on it stops at each
/// call, which is counted once although both stops come for most.
#[test]
fn a_program_with_a_filter_of_its_own() {
    for installs in [
        Step::filter_with(10, SECCOMP, [1, 0, 0, 0, 0, 0]),
        Step::filter_with(10, PRCTL, [22, 2, 0, 0, 0, 0]),
    ] {
        let ran = launched(
            FILTER,
            script([
                installs,
                Step::exit(10, 0),
                Step::entry(10, READ),
                Step::filter(10, READ),
                Step::exit(10, 0),
                // Refused: no stop of the filter's.
                Step::entry(10, GETPID),
                Step::exit(10, -1),
                Step::fork(10, 11),
                Step::trap(11),
                Step::entry(11, GETPID),
                // On the vsyscall page: no begin, only the filter's stop.
                Step::exit(11, -1),
                Step::filter(11, 201),
                Step::exited(11, 0),
                Step::exited(10, 0),
            ]),
        );
        assert_eq!(ran.calls["/bin/a read"], 1);
        assert_eq!(ran.calls["/bin/a getpid"], 2);
        assert_eq!(ran.calls["/bin/a time"], 1);
        assert_eq!(ran.log[3], "10 to call");
        assert!(ran.log.contains(&"11 to call".to_owned()));
        assert!(ran.capture.remarks.contains_key(&Remark::OwnFilter));
    }
}

/// The filter of one thread is put on all; those that run stop at each call from their next.
#[test]
fn a_filter_for_all_threads() {
    let mut fake = script([
        Step::clone(10, 11),
        Step::trap(11),
        Step::filter_with(10, SECCOMP, [1, 1, 0, 0, 0, 0]),
        Step::filter(11, READ),
        Step::exit(11, 0),
        Step::entry(11, GETPID),
    ]);
    fake.leaders.insert(Tid(11), Tid(10));
    let ran = launched(FILTER, fake);
    assert_eq!(ran.calls["/bin/a read"], 1);
    assert_eq!(ran.calls["/bin/a getpid"], 1);
    assert!(ran.log.contains(&"interrupt 11".to_owned()));
    assert_eq!(ran.log.last().unwrap(), "11 to call");
}

/// Alone it has no tracer, and the call fails.
#[test]
fn a_filter_of_the_programs_own_that_asks_for_a_tracer() {
    let ran = launched(
        FILTER,
        script([
            Step::filter_with(10, SECCOMP, [1, 0, 0, 0, 0, 0]),
            Step::exit(10, 0),
            Step::entry(10, READ),
            Step::filter(10, READ),
            Step::exit(10, 0),
            Step::entry(10, GETPID),
            Step::own_filter(10, GETPID),
            Step::exit(10, -38),
        ]),
    );
    assert_eq!(ran.calls["/bin/a getpid"], 1);
    let refused = ran.log.iter().filter(|line| *line == "10 refused");
    assert_eq!(refused.count(), 1);
}

#[test]
fn killed_by_a_filter_or_by_somebody() {
    for (steps, code, gaps) in [
        (vec![Step::killed(10, libc::SIGSYS)], 0, 1),
        (
            vec![
                Step::signal(10, libc::SIGSYS),
                Step::killed(10, libc::SIGSYS),
            ],
            0,
            0,
        ),
        (
            vec![
                Step::signal(10, libc::SIGSYS),
                Step::killed(10, libc::SIGSYS),
            ],
            1,
            1,
        ),
    ] {
        let mut fake = script(steps);
        fake.codes.insert(Tid(10), code);
        assert_eq!(launched(FILTER, fake).tally.gaps.len(), gaps);
    }
}

#[test]
fn a_tracer_among_the_traced() {
    let ran = launched(FILTER, script([Step::filter_with(10, PTRACE, [0; 6])]));
    assert_eq!(
        ran.tally.gaps.iter().collect::<Vec<_>>(),
        [&Gap::NestedTracer]
    );
    let who = &ran.capture.remarks[&Remark::NestedTracer];
    assert!(who.contains("/bin/a"));
}

#[test]
fn a_program_that_needs_privileges() {
    for (keeps_privileges, gaps) in [(true, 0), (false, 1)] {
        let rules = Rules {
            keeps_privileges,
            ..FILTER
        };
        let mut fake = script([Step::exec(10, 10)]);
        fake.programs.insert(Tid(10), "/bin/su");
        let ran = launched(rules, fake);
        assert_eq!(ran.tally.gaps.len(), gaps);
    }
}

#[test]
fn architectures_and_numbers_without_a_name() {
    let i386 = |number| crate::sys::kernel::RawCall {
        arch: 0x4000_0003,
        ..raw(number, [0; 6])
    };
    let ran = launched(
        FILTER,
        script([
            Step::filter_raw(10, i386(20)),
            Step::filter(10, 0x4000_0000),
            Step::filter(10, u64::MAX),
            Step::filter(10, 9999),
            Step::filter_raw(
                10,
                crate::sys::kernel::RawCall {
                    arch: 1,
                    ..raw(1, [0; 6])
                },
            ),
        ]),
    );
    assert_eq!(
        ran.calls,
        calls(&[
            ("/bin/a #4294967295", 1),
            ("/bin/a #9999", 1),
            ("/bin/a execve", 1),
            ("/bin/a x32 read", 1),
            ("/bin/a x86 getpid", 1),
        ])
    );
    // One that no architecture has is counted as lost.
    assert_eq!(ran.tally.gaps.iter().collect::<Vec<_>>(), [&Gap::Lost]);
    assert_eq!(ran.tally.calls, 6);
}

#[test]
fn numbers_made_up_are_bounded() {
    let ran = launched(
        FILTER,
        script((0..5000).map(|n| Step::filter(10, 10_000 + n))),
    );
    assert!(ran.calls.len() < 1100, "{}", ran.calls.len());
    assert!(ran.tally.gaps.contains(&Gap::Lost));
    assert_eq!(ran.tally.calls, 5001);
}

#[test]
fn results_are_those_of_the_call() {
    let ran = launched(
        RESULTS,
        script([
            Step::exit(10, 0),
            Step::entry(10, READ),
            Step::exit(10, -2),
            Step::entry(10, READ),
            Step::exit(10, -512),
            Step::entry(10, READ),
            Step::signal(10, libc::SIGTERM),
            Step::killed(10, libc::SIGTERM),
        ]),
    );
    let of = |name: &str| {
        ran.outcomes[name]
            .keys()
            .map(Outcome::key)
            .collect::<Vec<_>>()
    };
    assert_eq!(of("/bin/a execve"), ["ok"]);
    assert_eq!(of("/bin/a read"), ["ENOENT", "interrupted", "no-return"]);
}

/// A process comes out of the call in which its parent made it.
#[test]
fn a_child_has_made_no_call_yet() {
    let ran = launched(
        RESULTS,
        script([
            Step::exit(10, 0),
            Step::entry(10, CLONE),
            Step::fork(10, 11),
            Step::trap(11),
            Step::exit(11, 0),
            Step::exit(10, 11),
            Step::exited(11, 0),
        ]),
    );
    assert_eq!(ran.calls["/bin/a clone"], 1);
}

#[test]
fn enough_ends_a_command_and_then_kills_it() {
    let watcher = Watcher {
        enough: true,
        ..Watcher::default()
    };
    let mut steps = vec![Step::fork(10, 11), Step::trap(11), Step::tick()];
    steps.extend((0..100).map(|_| Step::filter(11, READ)));
    steps.push(Step::tick());
    let ran = run(FILTER, script(steps), watcher, |run| run.launched(Tid(10)));
    let kills: Vec<&String> = ran.log.iter().filter(|it| it.starts_with("kill")).collect();
    assert_eq!(
        kills,
        ["kill 10 SIGTERM", "kill 10 SIGKILL", "kill 11 SIGKILL"]
    );
    assert_eq!(ran.calls["/bin/a read"], 100);
}

#[test]
fn the_second_ctrl_c_ends_it() {
    let ctrl_c = || {
        Step::asked(Asked {
            interrupts: 1,
            ..Asked::default()
        })
    };
    let ran = launched(FILTER, script([ctrl_c(), Step::filter(10, READ), ctrl_c()]));
    assert_eq!(ran.log[3..], ["10 free", "kill 10 SIGKILL"]);
    // Daemons have left the terminal: the first one asks them to end.
    let ran = launched(
        FILTER,
        script([
            Step::fork(10, 11),
            Step::trap(11),
            Step::exited(10, 0),
            ctrl_c(),
        ]),
    );
    assert_eq!(ran.log.last().unwrap(), "kill 11 SIGTERM");
}

#[test]
fn a_signal_for_the_recorder_is_the_programs() {
    let term = Step::asked(Asked {
        forward: Some(Signo(libc::SIGTERM)),
        ..Asked::default()
    });
    let ran = launched(FILTER, script([term]));
    assert_eq!(ran.log[3..], ["kill 10 SIGTERM"]);
}

#[test]
fn attached_threads_are_let_go_with_their_signals() {
    let mut fake = Fake::new([
        Step::trap(10),
        Step::trap(11),
        Step::entry(11, READ),
        Step::trap(12),
        Step::tick(),
        Step::signal(10, libc::SIGUSR1),
        Step::trap(11),
        Step::exited(12, 0),
    ]);
    fake.leaders.insert(Tid(11), Tid(10));
    fake.children.insert(Tid(10), vec![Tid(12)]);
    let watcher = Watcher {
        enough: true,
        ..Watcher::default()
    };
    let ran = run(ATTACHED, fake, watcher, |run| run.attach(Tid(10)).unwrap());
    assert_eq!(
        ran.log[6..],
        [
            "10 to call",
            "11 to call",
            "11 to call",
            "12 to call",
            "interrupt 10",
            "interrupt 11",
            "interrupt 12",
            "detach 10 with SIGUSR1",
            "detach 11",
        ]
    );
    assert_eq!(ran.end, End::LeftRunning);
    assert!(ran.tally.gaps.contains(&Gap::Detached));
}

#[test]
fn what_an_attached_process_starts_is_left_alone_if_asked() {
    let rules = Rules {
        options: TraceOptions {
            processes: false,
            kill_on_exit: false,
        },
        ..ATTACHED
    };
    let mut fake = Fake::new([
        Step::trap(10),
        Step::clone(10, 11),
        Step::trap(11),
        Step::clone(10, 12),
        Step::trap(12),
        Step::trap(13),
        Step::clone(10, 13),
        Step::exited(10, 0),
    ]);
    // A thread, and none that was there when the others were seized.
    fake.leaders.insert(Tid(12), Tid(9));
    fake.children.insert(Tid(10), vec![Tid(14)]);
    let ran = run(rules, fake, Watcher::default(), |run| {
        run.attach(Tid(10)).unwrap();
    });
    assert_eq!(
        ran.log,
        [
            "seize 10",
            "interrupt 10",
            "10 to call",
            "10 to call",
            "detach 11",
            "10 to call",
            "12 to call",
            "detach 13",
            "10 to call",
        ]
    );
}

#[test]
fn the_watcher_sees_what_is_lost_in_no_case() {
    let ran = launched(FILTER, Fake::new([]));
    assert_eq!(ran.end, End::Gone);
}
