//! What is counted, and once.

use super::*;

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

/// Before a kill the stop is reported, and then there is nobody to ask.
#[test]
fn a_thread_killed_in_its_stop_has_made_no_call() {
    let mut fake = script([Step::killed_in_stop(10), Step::killed(10, libc::SIGKILL)]);
    fake.gone.push(Tid(10));
    let ran = launched(FILTER, fake);
    assert_eq!(ran.calls, calls(&[("/bin/a execve", 1)]));
    assert_eq!(ran.end, End::Killed(Signo(libc::SIGKILL)));
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
        assert_eq!(ran.log[3..5], ["10 stops at its end", "10 to call"]);
        assert!(ran.log.contains(&"11 to call".to_owned()));
        assert!(ran.capture.remarks.contains_key(&Remark::OwnFilter));
    }
}

/// The kernel tells the end of the process for a thread that nobody has looked at by then.
#[test]
fn a_thread_that_a_filter_kills_before_its_process_ends() {
    let by_filter = u64::from(libc::SIGSYS.cast_unsigned());
    for (status, told) in [(by_filter, true), (0, false), (9, false), (3 << 8, false)] {
        let ran = launched(
            FILTER,
            script([
                Step::filter_with(10, SECCOMP, [1, 0, 0, 0, 0, 0]),
                Step::exit(10, 0),
                Step::clone(10, 11),
                Step::trap(11),
                Step::entry(11, GETPID),
                Step::ends(11, status),
                Step::exited(11, 3),
                Step::exited(10, 3),
            ]),
        );
        assert_eq!(ran.tally.gaps.contains(&Gap::KilledByFilter), told);
        assert_eq!(ran.calls["/bin/a getpid"], 1);
        assert!(ran.log.contains(&"11 stops at its end".to_owned()));
    }
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

/// So that a screen can be taken away before it is written over.
#[test]
fn use_of_the_terminal_is_told_before_it_happens() {
    const WRITE: u64 = 1;
    const IOCTL: u64 = 16;
    let ran = launched(
        FILTER,
        script([
            Step::filter_with(10, WRITE, [1, 0, 0, 0, 0, 0]),
            Step::filter_with(10, WRITE, [7, 0, 0, 0, 0, 0]),
            Step::filter_with(10, READ, [3, 0, 0, 0, 0, 0]),
            Step::filter_with(10, READ, [0, 0, 0, 0, 0, 0]),
            Step::filter_with(10, IOCTL, [0, 0x5401, 0, 0, 0, 0]),
            Step::filter_with(10, IOCTL, [0, 0x5403, 0, 0, 0, 0]),
        ]),
    );
    let expected = [
        TerminalUse::Writes,
        TerminalUse::Reads,
        TerminalUse::TakesOver,
    ];
    assert_eq!(ran.watcher.uses, expected);
}
