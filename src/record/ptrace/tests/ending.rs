//! Signals, stops, and how a recording ends.

use super::*;

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
