//! Under a profile: what is refused, how, and what is told of it.

use super::*;
use crate::bpf::assemble::{Assembler, EQUAL};
use crate::bpf::{
    Data, Endian, Program, RET_ALLOW, RET_ERRNO, RET_KILL_PROCESS, RET_LOG, RET_TRAP,
};
use crate::event::UnderProfile;
use crate::record::under::Judge;
use crate::record::{Mode, Under};

const GETPPID: u64 = 110;
const GETUID: u64 = 102;
const GETGID: u64 = 104;
const GETEUID: u64 = 107;

/// Each answer with its call.
const RULES: [(u64, u32); 6] = [
    (GETUID, RET_TRAP),
    (GETPID, RET_ERRNO | 1),
    (GETPPID, RET_ERRNO | 2),
    (GETGID, RET_KILL_PROCESS),
    (GETEUID, RET_LOG),
    (SECCOMP, RET_ERRNO | 1),
];

fn judge(mode: Mode, rules: &[(u64, u32)]) -> Judge {
    let mut to = Assembler::default();
    to.load(Data::NUMBER);
    for (number, answer) in rules {
        let (yes, no) = (to.label(), to.label());
        to.branch(EQUAL, u32::try_from(*number).unwrap(), yes, no);
        to.here(yes);
        // All arguments are of interest.
        to.load(Data::ARGS);
        to.answer(*answer);
        to.here(no);
    }
    to.answer(RET_ALLOW);
    let program = Program::new(to.finish(), Endian::native()).unwrap();
    let under = Under {
        program,
        name: "web.json".to_owned(),
        mode,
        everything: true,
    };
    Judge::new(&under).unwrap()
}

fn under_with(rules: Rules, judge: Judge, mut fake: Fake) -> (Ran, UnderProfile) {
    let mut watcher = Watcher::default();
    let seen = Observations::new(
        "a",
        Capture {
            under: Some(UnderProfile {
                enforced: true,
                ..UnderProfile::default()
            }),
            ..Capture::default()
        },
    );
    let mut run = Loop::new(&mut fake, rules, seen, &mut watcher);
    run.judge = Some(judge);
    run.launched(Tid(10));
    run.run().unwrap();
    let finished = run.finish();
    let ran = ran(fake.log, &finished, watcher);
    let under = ran.capture.under.clone().unwrap();
    (ran, under)
}

fn under(mode: Mode, steps: impl IntoIterator<Item = Step>) -> (Ran, UnderProfile) {
    under_with(FILTER, judge(mode, &RULES), script(steps))
}

fn told(under: &UnderProfile) -> Vec<String> {
    let all = under.denials.iter();
    all.map(|it| format!("{} {} {}", it.call, it.answer, it.calls))
        .collect()
}

fn changes(ran: &Ran) -> Vec<&str> {
    let words = ["refused", "argument", "restores"];
    let all = ran.log.iter().map(String::as_str);
    all.filter(|it| words.iter().any(|word| it.contains(word)))
        .collect()
}

#[test]
fn errors_are_results() {
    let (ran, under) = under(
        Mode::Enforce,
        [
            Step::filter(10, GETPID),
            Step::filter(10, GETPPID),
            Step::filter(10, READ),
            Step::filter(10, GETPID),
            Step::exited(10, 3),
        ],
    );
    assert_eq!(
        changes(&ran),
        [
            "10 refused with 1",
            "10 refused with 2",
            "10 refused with 1"
        ]
    );
    assert_eq!(told(&under), ["getpid EPERM 2", "getppid ENOENT 1"]);
    let first = &under.denials[0];
    assert_eq!((first.program.as_str(), first.pid), ("/bin/a", 10));
    assert_eq!(first.ends["exit 3"].processes, 1);
    // The fake's clock goes on by 100 ms a step; the last such call was the step before.
    assert_eq!(first.ends["exit 3"].milliseconds, 100);
    assert_eq!(under.denials[1].ends["exit 3"].milliseconds, 300);
    let keys: Vec<&str> = ran.outcomes["/bin/a getpid"]
        .keys()
        .map(Outcome::key)
        .collect();
    assert_eq!(keys, ["EPERM"]);
    assert_eq!(ran.calls["/bin/a getpid"], 2);
}

#[test]
fn a_kill_and_what_is_only_logged() {
    let (ran, under) = under(
        Mode::Enforce,
        [
            Step::filter(10, GETEUID),
            Step::filter(10, GETGID),
            Step::killed(10, libc::SIGSYS),
        ],
    );
    assert_eq!(told(&under), ["geteuid log 1", "getgid kill-process 1"]);
    assert_eq!(changes(&ran), ["10 argument 5 = 0x5ca1ab1e"]);
    assert!(ran.tally.gaps.contains(&Gap::KilledByFilter));
    assert!(under.denials[1].ends.contains_key("SIGSYS"));
    assert!(ran.outcomes["/bin/a getgid"].contains_key(&Outcome::Sigsys));
    assert!(ran.outcomes["/bin/a geteuid"].contains_key(&Outcome::Unknown));
}

/// Before a handler looks at them the registers are as they were.
#[test]
fn a_trap_leaves_no_trace() {
    let mut fake = script([
        Step::filter_with(10, GETUID, [0, 0, 0, 0, 0, 77]),
        Step::signal(10, libc::SIGSYS),
        Step::signal(10, libc::SIGSYS),
        Step::exited(10, 0),
    ]);
    fake.codes.insert(Tid(10), 1);
    let (ran, _) = under_with(FILTER, judge(Mode::Enforce, &RULES), fake);
    let expected = ["10 argument 5 = 0x5ca1ab1e", "10 restores 5 = 0x4d"];
    assert_eq!(changes(&ran), expected);
}

#[test]
fn logged_calls_go_on() {
    let (ran, under) = under(
        Mode::Log,
        [
            Step::filter(10, GETPID),
            Step::filter(10, GETGID),
            Step::filter(10, GETUID),
        ],
    );
    assert_eq!(under.denials.len(), 3);
    assert!(ran.log.iter().all(|it| it == "10 free"), "{:?}", ran.log);
}

/// All filters answer together.
#[test]
fn beside_a_filter_of_its_own() {
    let rules: Vec<(u64, u32)> = RULES.into_iter().filter(|it| it.0 != SECCOMP).collect();
    let steps = [
        Step::filter_with(10, SECCOMP, [1, 0, 0, 0, 0, 0]),
        Step::exit(10, 0),
        Step::entry(10, GETPID),
        Step::exit(10, -1),
        Step::entry(10, READ),
        Step::filter(10, READ),
        Step::exit(10, 0),
        // Its own asks a tracer.
        Step::entry(10, READ),
        Step::own_filter(10, READ),
        Step::exit(10, -38),
        Step::fork(10, 11),
        Step::trap(11),
        Step::entry(11, GETGID),
        Step::killed(11, libc::SIGSYS),
        // On the vsyscall page there is no begin.
        Step::filter(10, GETPPID),
        Step::exited(10, 0),
    ];
    let (ran, under) = under_with(FILTER, judge(Mode::Enforce, &rules), script(steps));
    assert_eq!(
        changes(&ran),
        [
            "10 argument 5 = 0x5ca1ab1e",
            "10 restores 5 = 0x0",
            "10 refused",
            "11 argument 5 = 0x5ca1ab1e",
            "10 refused with 2",
        ]
    );
    assert_eq!(
        told(&under),
        [
            "getpid EPERM 1",
            "getgid kill-process 1",
            "getppid ENOENT 1"
        ]
    );
}

#[test]
fn a_filter_that_is_refused_is_none() {
    let (ran, under) = under(
        Mode::Enforce,
        [
            Step::filter_with(10, SECCOMP, [1, 0, 0, 0, 0, 0]),
            Step::filter(10, GETPID),
        ],
    );
    assert_eq!(under.denials.len(), 2);
    assert!(ran.capture.remarks.is_empty());
    assert!(!ran.log.contains(&"10 to call".to_owned()));
}

#[test]
fn results_are_told_once() {
    let (ran, _) = under_with(
        RESULTS,
        judge(Mode::Enforce, &RULES),
        script([
            Step::entry(10, GETPID),
            Step::exit(10, -1),
            Step::entry(10, GETGID),
            Step::killed(10, libc::SIGSYS),
        ]),
    );
    let of = |name: &str| ran.outcomes[name].clone();
    assert_eq!(of("/bin/a getpid").into_values().sum::<u64>(), 1);
    assert!(
        ran.outcomes["/bin/a getpid"]
            .keys()
            .all(|it| it.key() == "EPERM")
    );
    assert!(ran.outcomes["/bin/a getgid"].contains_key(&Outcome::Sigsys));
}

#[test]
fn the_start_is_refused_once() {
    let rules = [(EXECVE, RET_ERRNO | 2)];
    let fake = Fake::new([
        Step::filter(10, EXECVE),
        Step::filter(10, EXECVE),
        Step::filter(10, EXIT_GROUP),
        Step::exited(10, 127),
    ]);
    let (ran, under) = under_with(FILTER, judge(Mode::Enforce, &rules), fake);
    assert_eq!(told(&under), ["execve ENOENT 1"]);
    assert_eq!(under.denials[0].program, "");
    assert!(under.denials[0].ends.contains_key("exit 127"));
    assert_eq!(changes(&ran), ["10 refused with 2", "10 refused with 2"]);
    assert_eq!(ran.tally.calls, 0);
}

#[test]
fn one_that_is_killed_in_its_stop() {
    let mut fake = script([Step::filter(10, GETPID), Step::killed(10, libc::SIGKILL)]);
    fake.gone.push(Tid(10));
    let (ran, under) = under_with(FILTER, judge(Mode::Enforce, &RULES), fake);
    assert_eq!(under.denials[0].ends["SIGKILL"].processes, 1);
    assert!(!ran.tally.gaps.contains(&Gap::NotRefused));
}

#[test]
fn refusals_are_bounded() {
    let (_, under) = under(
        Mode::Enforce,
        (0..3000).map(|value| Step::filter_with(10, GETPID, [value, 0, 0, 0, 0, 0])),
    );
    assert_eq!(under.denials.len(), crate::event::MAX_DENIALS);
    assert_eq!(under.dropped, 3000 - 1024);
    assert!(under.refused());
}
