//! When calls were made first, and which program ran before another.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use expect_test::{Expect, expect};

use crate::recorded;

/// Rows `ARCH NAME MILLISECONDS`, then `PROGRAM < PROGRAM BEFORE`.
fn rows(log: &[u8]) -> String {
    let (_, recording) = recorded(log).unwrap();
    let mut rows = String::new();
    for (_, run) in recording.runs() {
        for (arch, calls) in &run.calls {
            for (call, observed) in calls {
                let time = observed.since_start.map(|time| time.as_millis());
                let time = time.map_or("-".to_owned(), |time| time.to_string());
                writeln!(rows, "{arch} {call} {time}").unwrap();
            }
        }
        for (program, executable) in &run.executables {
            for (before, times) in &executable.started_by {
                writeln!(rows, "{program} < {before} {times}").unwrap();
            }
        }
    }
    rows
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "as `expect!` makes it")]
fn check(log: &str, expected: Expect) {
    expected.assert_eq(&rows(log.as_bytes()));
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "as `expect!` makes it")]
fn sample(name: &str, expected: Expect) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-traces");
    let log = fs::read(root.join(name).join("trace.txt")).unwrap();
    expected.assert_eq(&rows(&log));
}

#[test]
fn samples_of_sysdig_and_falco() {
    sample(
        "sysdig/documented",
        expect![[r#"
            x86_64 access 1
            x86_64 brk 0
            x86_64 getdents64 1
            x86_64 openat 1
            x86_64 write 1
        "#]],
    );
    sample(
        "falco/alerts",
        expect![[r#"
            x86_64 execve 700
            x86_64 openat 0
        "#]],
    );
}

#[test]
fn samples_of_lttng_and_gvisor() {
    sample(
        "lttng/documented",
        expect![[r#"
            x86 mmap2 0
            x86_64 fstat 0
            x86_64 openat 0
            x86_64 #999 0
        "#]],
    );
    sample(
        "gvisor/documented",
        expect![[r#"
            x86_64 brk 0
            x86_64 exit_group 1
            x86_64 openat 0
            x86_64 read -
            x86_64 write 0
            x86_64 #999 1
        "#]],
    );
}

/// Real logs: a shell that starts a program, and executes it in the end.
#[test]
fn programs_of_gvisor_sysdig_and_lttng() {
    for case in [
        "gvisor/calls",
        "gvisor/calls-json",
        "sysdig/calls",
        "lttng/calls",
        "lttng/calls-date",
    ] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-traces");
        let rows = rows(&fs::read(root.join(case).join("trace.txt")).unwrap());
        assert!(rows.ends_with("\n(calls) < (sh) 2\n"), "{rows}");
        assert!(!rows.contains(" -\n"), "{rows}");
    }
}

#[test]
fn samples_of_tracee_and_gadgets() {
    sample(
        "tracee/documented",
        expect![[r#"
            x86 mmap2 9
            x86_64 execve 19
            x86_64 openat 0
        "#]],
    );
    sample(
        "inspektor-gadget/json",
        expect![[r#"
        x86_64 mkdir -
        x86_64 openat 0
    "#]],
    );
    sample(
        "inspektor-gadget/columns",
        expect![[r#"
        x86_64 openat -
        x86_64 read -
        x86_64 unshare -
    "#]],
    );
    sample(
        "spo/log",
        expect![[r#"
            x86_64 epoll_wait 729
            x86_64 read -
        "#]],
    );
}

#[test]
fn a_program_of_sysdig_that_executes_another_after_midnight() {
    check(
        "1 23:59:59.900000000 1 bash (7.7) > clone\n\
         2 23:59:59.910000000 1 bash (7.7) < clone res=8(ls)\n\
         3 00:00:00.100000000 1 bash (8.8) > execve filename=/bin/ls\n\
         4 00:00:00.200000000 1 ls (8.8) < execve res=0 exe=ls\n\
         5 00:00:00.300000000 1 ls (8.8) > brk addr=0\n",
        expect![[r#"
            x86_64 brk 400
            x86_64 clone 0
            x86_64 execve 200
            (ls) < (bash) 1
        "#]],
    );
}

/// What a time counts from is not told where it is not that of a day.
#[test]
fn relative_times_of_sysdig() {
    check(
        "1 0.000000000 1 ls (7.7) > brk addr=0\n2 0.000000007 1 ls (7.7) > close fd=3\n",
        expect![[r#"
            x86_64 brk -
            x86_64 close -
        "#]],
    );
    check(
        "1 1795972262.000000000 1 ls (7.7) > brk addr=0\n2 1795972262.500000000 1 ls (7.7) > close fd=3\n",
        expect![[r#"
            x86_64 brk 0
            x86_64 close 500
        "#]],
    );
    check(
        "1 2026-11-29T23:59:59.500000000+0000 1 ls (7.7) > brk addr=0\n\
         2 2026-11-30T00:00:00.000000000+0000 1 ls (7.7) > close fd=3\n",
        expect![[r#"
            x86_64 brk 0
            x86_64 close 500
        "#]],
    );
}

#[test]
fn lttng_with_dates_and_seconds() {
    for stamps in [
        ["23:59:59.900000000", "00:00:00.100000000"],
        [
            "2026-11-29 23:59:59.900000000",
            "2026-11-30 00:00:00.100000000",
        ],
        ["1795996799.900000000", "1795996800.100000000"],
    ] {
        let [first, second] = stamps;
        let log = format!(
            "[{first}] (+?.?????????) host syscall_entry_execve: {{ cpu_id = 0 }}, {{ procname = \"sh\", vtid = 7 }}, {{ }}\n\
             [{second}] (+0.200000000) host syscall_exit_execve: {{ cpu_id = 0 }}, {{ procname = \"ls\", vtid = 7 }}, {{ ret = 0 }}\n\
             [{second}] (+0.000000000) host syscall_entry_brk: {{ cpu_id = 0 }}, {{ procname = \"ls\", vtid = 7 }}, {{ }}\n"
        );
        let expected = "x86_64 brk 200\nx86_64 execve 0\n(ls) < (sh) 1\n";
        assert_eq!(rows(log.as_bytes()), expected, "{first}");
    }
}

#[test]
fn gvisor_as_docker_keeps_it() {
    check(
        "{\"log\":\"strace.go:561] [   1:   1] sh E execve(0x1 /bin/ls)\\n\",\"time\":\"2026-11-29T10:00:00.25Z\"}\n\
         {\"log\":\"strace.go:599] [   1:   1] ls X execve(0x1 /bin/ls) = 0 (0x0) (2.4µs)\\n\",\"time\":\"2026-11-29T10:00:00.5Z\"}\n\
         {\"log\":\"strace.go:561] [   1:   1] ls E brk(0x0)\\n\",\"time\":\"2026-11-29T10:00:00.75Z\"}\n",
        expect![[r#"
            x86_64 brk 500
            x86_64 execve 0
            (ls) < (sh) 1
        "#]],
    );
}

/// Of an execve the name may be that of the program before or after, and a thread may rename itself
/// at any time.
#[test]
fn names_around_an_execve() {
    let event = |millis: u32, tid: u32, name: &str, event: &str, value: i32| {
        format!(
            "{{\"timestamp\":{millis}000000,\"hostThreadId\":{tid},\"processName\":\"{name}\",\"eventName\":\"{event}\",\"returnValue\":{value}}}\n"
        )
    };
    let log = [
        event(1, 7, "sh", "execve", -2),
        event(2, 7, "renamed", "prctl", 0),
        event(3, 7, "renamed", "execve", 0),
        event(4, 7, "ls", "brk", 0),
        event(5, 8, "sh", "close", 0),
        event(6, 8, "cat", "execve", 0),
        event(7, 8, "cat", "brk", 0),
        event(8, 8, "worker", "close", 0),
    ];
    check(
        &log.concat(),
        expect![[r#"
            x86_64 brk 3
            x86_64 close 4
            x86_64 execve 0
            x86_64 prctl 1
            (cat) < (sh) 1
            (ls) < (renamed) 1
        "#]],
    );
}

#[test]
fn gadgets_with_a_time() {
    check(
        "{\"timestamp\":\"2026-11-29T10:00:00.000000500Z\",\"timestamp_raw\":5000000,\"mntns_id\":1,\"comm\":\"sh\",\"pid\":7,\"syscall\":\"execve\",\"ret\":\"0\"}\n\
         {\"timestamp\":\"2026-11-29T10:00:00.000009500Z\",\"timestamp_raw\":9000000,\"mntns_id\":1,\"comm\":\"ls\",\"pid\":7,\"syscall\":\"brk\",\"ret\":\"0\"}\n",
        expect![[r#"
            x86_64 brk 4
            x86_64 execve 0
            (ls) < (sh) 1
        "#]],
    );
    check(
        "TIMESTAMP                      PID        COMM             SYSCALL\n\
         2026-11-29T10:00:00.000000500Z 7          sh               openat\n\
         2026-11-29T10:00:01.000000500Z 7          sh               close\n",
        expect![[r#"
            x86_64 close 1000
            x86_64 openat 0
        "#]],
    );
}

#[test]
fn samples_of_the_audit() {
    for name in [
        "raw",
        "interpreted-rules",
        "journal",
        "journal-json",
        "dmesg",
    ] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-traces/audit");
        let log = fs::read(root.join(name).join("trace.txt")).unwrap();
        assert!(!rows(&log).contains(" -\n"), "{name}");
    }
}

/// Dates that a locale writes: all in one log are in one order, whichever that is.
#[test]
fn interpreted_dates() {
    for [first, second] in [
        ["11/24/26", "11/25/26"],
        ["11/24/2026", "11/25/2026"],
        ["24/11/26", "25/11/26"],
        ["24.11.2026", "25.11.2026"],
        ["2026-11-24", "2026-11-25"],
    ] {
        let log = format!(
            "type=SECCOMP msg=audit({first} 23:59:59.000:1) : pid=8 exe=/x sig=SIG0 arch=x86_64 syscall=read code=log\n\
             type=SECCOMP msg=audit({second} 00:00:00.250:2) : pid=8 exe=/x sig=SIG0 arch=x86_64 syscall=close code=log\n"
        );
        assert_eq!(
            rows(log.as_bytes()),
            "x86_64 close 1250\nx86_64 read 0\n",
            "{first}"
        );
    }
}
