//! Processes and threads: births, ends, who stands for whom.

use super::*;

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
