//! Shapes of other tools' lines that the samples don't have, one small log for each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::needless_raw_string_hashes,
    reason = "a test may panic; raw strings as expect-test writes them"
)]

mod journal;
mod times;

#[path = "../common/rows.rs"]
mod common_rows;

use std::fmt::Write as _;

use callsieve::arch::Arch;
use callsieve::ingest::{Format, Options, Source, read};
use callsieve::recording::{Recording, RunBuilder};
use expect_test::{Expect, expect};

/// What a log is taken for and what is read of it.
fn recorded(log: &[u8]) -> Result<(Format, Recording), String> {
    let Some(format) = Format::detect(log, true) else {
        return Err("no format\n".to_owned());
    };
    let mut run = RunBuilder::new(format.name(), vec!["log".to_owned()]);
    let source = Source {
        name: "log".to_owned(),
        pid: None,
        reader: Box::new(log),
    };
    let options = Options {
        format,
        told: Some(Arch::X86_64),
        threads: 1,
    };
    match read([source], options, &mut run, &mut |_| ()) {
        Ok(tally) => Ok((format, Recording::of(run.finish(tally)))),
        Err(error) => Err(format!("{format}\nerror: {error}\n")),
    }
}

/// Rows `ARCH NAME OUTCOME COUNT [PROGRAMS]`, then what gave no call and what is missing.
fn rows(log: &str) -> String {
    let (format, recording) = match recorded(log.as_bytes()) {
        Ok(recorded) => recorded,
        Err(error) => return error,
    };
    let mut rows = format!("{format}\n");
    for (arch, calls) in recording.totals() {
        for (call, total) in calls {
            let by: Vec<&str> = total.by.keys().copied().collect();
            for (outcome, count) in total.outcomes {
                writeln!(rows, "{arch} {call} {outcome} {count} {by:?}").unwrap();
            }
        }
    }
    common_rows::add_skipped_and_missing(&mut rows, &recording);
    rows
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "as `expect!` makes it")]
fn check(log: &str, expected: Expect) {
    expected.assert_eq(&rows(log));
}

#[test]
fn trace_cmd_report() {
    check(
        "cpus=2\n\
         \x20          t64-16562 [000]  4341.494768: sys_enter:            NR 12 (0, 7ffc, 0, 37f, 0, 0)\n\
         \x20          t64-16562 [000]  4341.494769: sys_exit:             NR 12 = 94795830648832\n\
         \x20      a-b-c-16563 [001]  4341.494770: sys_enter_openat:     dfd: 0xffffff9c, filename: 0x1\n\
         \x20      a-b-c-16563 [001]  4341.494771: sys_exit_openat:      0xfffffffffffffffe\n\
         CPU:1 [LOST 12 EVENTS]\n\
         \x20          t64-16562 [000]  4341.494772: sched_switch:         prev_comm=a ==> next_comm=b\n",
        expect![[r#"
            ftrace
            x86_64 brk ok 1 ["(t64)"]
            x86_64 openat ENOENT 1 ["(a-b-c)"]
            ~ event 1
            ~ message 1
            ~ decoration 1
            ! lost
        "#]],
    );
}

#[test]
fn ftrace_by_name() {
    check(
        "# tracer: nop\n\
         # entries-in-buffer/entries-written: 2/90   #P:2\n\
         \x20 int80-4050  [001] .....  2738.593582: sys_execve(filename: 55, argv: 1)\n\
         \x20 int80-4050  [001] .....  2738.593583: sys_execve -> 0x0\n\
         \x20 int80-4050  [001] .....  2738.593584: sys_newfstat -> 0xfffffffffffffff7\n\
         \x20 int80-4050  [001] .....  2738.593585: sys_enter: NR -1 (0, 0)\n",
        expect![[r#"
            ftrace
            x86_64 execve ok 1 ["(int80)"]
            x86_64 fstat EBADF 1 ["(int80)"]
            ~ event 1
            ~ decoration 2
            ~ resumed-only 1
            ! lost
        "#]],
    );
}

#[test]
fn perf_script_with_other_fields() {
    check(
        "# captured on: today\n\
         multi x 30036/30037 [001]  2704.424081: raw_syscalls:sys_enter: NR 9 (0, 2000, 3)\n\
         multi x 30036/30037 [001]  2704.424082: raw_syscalls:sys_exit: NR 9 = -12\n\
         multi x 30036/30037 [001]  2704.424083: raw_syscalls:sys_exit: NR 59 = 0\n\
         multi x 30036/30037 [001]  2704.424084: raw_syscalls:sys_enter: NR 600 (0, 2000, 3)\n\
         multi x 30036/30037 [001]  2704.424085: raw_syscalls:sys_exit: NR -1 = 0\n\
         \x20       ffffffff81000000 do_syscall_64 ([kernel.kallsyms])\n",
        expect![[r#"
            perf-script
            x86_64 execve ok 1 ["(multi x)"]
            x86_64 mmap ENOMEM 1 ["(multi x)"]
            x86_64 #600 unknown 1 ["(multi x)"]
            ~ event 2
            ~ decoration 1
            ~ resumed-only 1
        "#]],
    );
}

#[test]
fn perf_trace_of_one_thread() {
    check(
        "     0.010 ( 0.015 ms): openat(dfd: CWD, filename: \"/a) = 3\", flags: RDONLY)       = 4\n\
         \x20    1.010 ( 0.015 ms): access(filename: \"x\")   = -1 ENOENT (No such file or directory)\n\
         \x20   14.222 (         ): a (b)/18638 clock_nanosleep(rqtp: 0x1)   ...\n\
         \x20   15.222 (         ): a (b)/18638  ... [continued]: clock_nanosleep())  = 0\n\
         LOST 3 events!\n\
         \x20   16.000 (         ): a (b)/18638 exit_group()      = ?\n",
        expect![[r#"
            perf-trace
            x86_64 access ENOENT 1 [""]
            x86_64 clock_nanosleep ok 1 ["(a (b))"]
            x86_64 exit_group no-return 1 ["(a (b))"]
            x86_64 openat ok 1 [""]
            ~ message 1
            ! lost
        "#]],
    );
}

#[test]
fn bpftrace_of_all_sorts() {
    check(
        "Attaching 2 probes...\n\n\
         @start: 1234\n\
         @[tracepoint:syscalls:sys_enter_newstat]: 2\n\
         @[__x64_sys_openat]: 3\n\
         @by[bash, 7, 257]: 4\n\
         @[34]: 0\n\
         @stacks[kstack]: 1\n\
         Lost 5 events\n",
        expect![[r#"
            bpftrace
            x86_64 openat unknown 7 ["", "(bash)"]
            x86_64 pause unknown 1 [""]
            x86_64 stat unknown 2 [""]
            ~ blank 1
            ~ message 2
            ~ decoration 1
            ~ not-understood 1
            ! not-understood
            ! lost
        "#]],
    );
}

#[test]
fn audit_of_all_sorts() {
    check(
        "----\ntime->Tue Nov 24 11:17:43 2026\n\
         type=PROCTITLE msg=audit(1.1:1): proctitle=6C73\n\
         type=SYSCALL msg=audit(1.1:1): arch=c000003e syscall=59 success=yes exit=0 pid=7 comm=\"a b\" exe=\"/bin/a b\" key=\"k\"\n\
         type=SYSCALL msg=audit(1.1:2): arch=c000003e syscall=1073742344 success=no exit=-38 pid=7 comm=\"x\" exe=\"/x\"\n\
         type=SECCOMP msg=audit(11/23/26 18:44:14.527:3) : pid=8 comm=x exe=/x sig=SIGSYS arch=i386 syscall=unknown-syscall(999) code=kill-process\n\
         type=SECCOMP msg=audit(11/23/26 18:44:14.527:4) : pid=8 comm=x exe=/x sig=SIG0 arch=i386 syscall=socketcall(socket) code=log\n\
         audit: backlog limit exceeded\n",
        expect![[r#"
            audit
            x32 execve ENOSYS 1 ["/x"]
            x86 socketcall unknown 1 ["/x"]
            x86 #999 sigsys 1 ["/x"]
            x86_64 execve ok 1 ["/bin/a b"]
            ~ event 1
            ~ message 1
            ~ decoration 2
            ! killed-by-filter
            ! lost
        "#]],
    );
}

#[test]
fn gadget_of_traceloop() {
    check(
        "CPU PID        COMM             SYSCALL            PARAMETERS            RET\n\
         0   1795       bash             openat             dfd=-100, x=\"a b\"    3\n\
         1   1796       cat              exit_group         error_code=0          ...\n",
        expect![[r#"
            inspektor-gadget
            x86_64 exit_group unknown 1 ["(cat)"]
            x86_64 openat unknown 1 ["(bash)"]
            ~ decoration 1
        "#]],
    );
}

#[test]
fn the_enricher_in_json() {
    check(
        "{\"level\":\"info\",\"msg\":\"audit\",\"executable\":\"/bin/x\",\"pid\":7,\"syscallID\":59,\"syscallName\":\"execve\",\"type\":\"seccomp\"}\n\
         {\"level\":\"info\",\"msg\":\"audit\",\"executable\":\"/bin/x\",\"pid\":7,\"syscallID\":600,\"type\":\"seccomp\"}\n",
        expect![[r#"
            spo-log
            x86_64 execve unknown 1 ["/bin/x"]
            x86_64 #600 unknown 1 ["/bin/x"]
        "#]],
    );
}

#[test]
fn strace_in_colours_and_with_names_of_arguments() {
    check(
        "46    \u{1b}[33mexecve\u{1b}[0m(\u{1b}[35m\"/bin/a\"\u{1b}[0m, [], 0x1) = 0\n\
         46    \u{1b}[33mbrk\u{1b}[0m(NULL) = 0x1\n\
         46    openat(dirfd=AT_FDCWD, pathname=\"/x\", flags=O_RDONLY) = -1 ENOENT (No such file)\n\
         46    <... read resumed>, buf=0x1, count=1) = 1\n\
         46    socket(domain=AF_INET, type=SOCK_STREAM, protocol=IPPROTO_IP) = 3\n\
         46    exit_group(status=0) = ?\n\
         46    +++ exited with 0 +++\n",
        expect![[r#"
            strace
            x86_64 brk ok 1 ["/bin/a"]
            x86_64 execve ok 1 [""]
            x86_64 exit_group no-return 1 ["/bin/a"]
            x86_64 openat ENOENT 1 ["/bin/a"]
            x86_64 read ok 1 ["/bin/a"]
            x86_64 socket ok 1 ["/bin/a"]
            ~ event 1
            ~ resumed-only 1
        "#]],
    );
}

#[test]
fn a_child_returns_from_its_parents_call_and_called_nothing() {
    check(
        "  a 7 [001]  1.1: raw_syscalls:sys_enter: NR 56 (1200011, 0, 0, 0, 0, 0)\n\
         \x20 a 7 [001]  1.2:  raw_syscalls:sys_exit: NR 56 = 8\n\
         \x20 a 8 [001]  1.3:  raw_syscalls:sys_exit: NR 56 = 0\n",
        expect![[r#"
            perf-script
            x86_64 clone ok 1 ["(a)"]
        "#]],
    );
    check(
        "  a 7 [001]  1.1: syscalls:sys_enter_vfork: \n\
         \x20 a 8 [001]  1.2: syscalls:sys_exit_vfork: 0x0\n\
         \x20 a 7 [001]  1.3: syscalls:sys_exit_vfork: 0x8\n",
        expect![[r#"
            perf-script
            x86_64 vfork ok 1 ["(a)"]
        "#]],
    );
    check(
        "  a-7 [001] .....  1.1: sys_clone3(uargs: 1)\n\
         \x20 a-8 [001] .....  1.2: sys_clone3 -> 0x0\n\
         \x20 a-7 [001] .....  1.3: sys_clone3 -> 0x8\n",
        expect![[r#"
            ftrace
            x86_64 clone3 ok 1 ["(a)"]
        "#]],
    );
    check(
        "[19:46:37.1] (+0.1) host syscall_entry_clone: { cpu_id = 0 }, { vtid = 7 }, { flags = 0 }\n\
         [19:46:37.2] (+0.1) host syscall_exit_clone: { cpu_id = 1 }, { vtid = 8 }, { ret = 0 }\n\
         [19:46:37.3] (+0.1) host syscall_exit_clone: { cpu_id = 0 }, { vtid = 7 }, { ret = 8 }\n",
        expect![[r#"
            lttng
            x86_64 clone ok 1 [""]
        "#]],
    );
    check(
        "1 12:02:36.1 2 sh (7) > clone \n\
         2 12:02:36.2 2 sh (8) < clone res=0 exe=sh args= tid=8(sh)\n\
         3 12:02:36.3 2 sh (7) < clone res=8(sh) exe=sh args= tid=7(sh)\n",
        expect![[r#"
            sysdig
            x86_64 clone ok 1 ["(sh)"]
            ! selected
        "#]],
    );
}

/// The trace began while the parent was in the call.
#[test]
fn a_childs_return_is_evidence_where_there_is_no_other() {
    check(
        "  a 8 [001]  1.3:  raw_syscalls:sys_exit: NR 56 = 0\n\
         \x20 b 9 [001]  1.4:  raw_syscalls:sys_exit: NR 56 = 0\n\
         \x20 a 8 [001]  1.5: raw_syscalls:sys_enter: NR 39 (0, 0, 0, 0, 0, 0)\n",
        expect![[r#"
            perf-script
            x86_64 clone ok 1 ["(a)"]
            x86_64 getpid unknown 1 ["(a)"]
            ~ resumed-only 1
        "#]],
    );
}

/// Events of sysdig that stand for several calls, and one that has no name.
#[test]
fn events_that_are_not_named_as_calls() {
    check(
        "1 12:00:00.0 1 x (7.7) > dup fd=3\n\
         2 12:00:00.1 1 x (7.7) < dup res=4\n\
         3 12:00:00.2 1 x (7.7) > prlimit pid=0\n\
         4 12:00:00.3 1 x (7.7) < prlimit res=0\n\
         5 12:00:00.4 1 x (7.7) > <unknown> \n\
         6 12:00:00.5 1 x (7.7) < <unknown> \n",
        expect![[r#"
            sysdig
            x86_64 dup ok 1 ["(x)"]
            x86_64 dup2 ok 1 ["(x)"]
            x86_64 dup3 ok 1 ["(x)"]
            x86_64 prlimit64 ok 1 ["(x)"]
            ~ unknown-name 2
            ! selected
        "#]],
    );
}

#[test]
fn what_is_nothing() {
    for log in ["", "\n\n", "hello\nworld\n", "{}\n", "[]\n", "a: 1\nb: 2\n"] {
        assert_eq!(rows(log), "no format\n", "{log:?}");
    }
}

/// What the kernel said when auditd stood still and when records were limited to five a second.
#[test]
fn records_that_audit_lost() {
    const RECORD: &str = "[  133.323017] audit: type=1300 audit(1795960599.380:732): arch=c000003e syscall=59 success=yes exit=0 pid=403 comm=\"ls\" exe=\"/bin/ls\" key=\"demo\"\n";
    for lost in [
        "[   85.571316] audit: audit_backlog=21 > audit_backlog_limit=20\n[   85.571413] audit: audit_lost=1 audit_rate_limit=0 audit_backlog_limit=20\n[   85.571452] audit: backlog limit exceeded\n",
        "[   98.628913] audit_log_lost: 435 callbacks suppressed\n",
        "[   98.629128] audit: rate limit exceeded\n",
        "[   99.000000] audit: kauditd hold queue overflow\n",
        "[  133.322984] kauditd_printk_skb: 149 callbacks suppressed\n",
    ] {
        let rows = rows(&format!("{lost}{RECORD}"));
        assert!(rows.contains("! lost\n"), "{lost}{rows}");
    }
}

/// A journal begins with hundreds of lines of the kernel: its records may come after what tells a
/// format.
#[test]
fn a_journal_without_records_at_its_begin() {
    let boot = "Nov 29 13:56:50 demo kernel: Linux version 6.1.0-57-amd64\n".repeat(3);
    check(
        &boot,
        expect![[r#"
            audit
            error: `log` has no call in it; expected lines such as `type=SECCOMP msg=audit(1.2:3): arch=c000003e syscall=59`
        "#]],
    );
    let boot = "{\"MESSAGE\":\"Linux version 6.1.0\",\"__REALTIME_TIMESTAMP\":\"1795960611158034\",\"_TRANSPORT\":\"kernel\"}\n";
    assert!(rows(boot).starts_with("audit\n"));
}
