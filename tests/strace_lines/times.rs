//! When calls were seen first, and what ran before a program.

use std::fmt::Write as _;

use callsieve::arch::Arch;
use expect_test::{Expect, expect};

use crate::read;

/// Rows `NAME MILLISECONDS`, then `PROGRAM < PROGRAM BEFORE`.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "as `expect!` makes it")]
fn check(files: &[(Option<u32>, &str)], expected: Expect) {
    let files: Vec<(Option<u32>, &[u8])> = files
        .iter()
        .map(|(p, text)| (*p, text.as_bytes()))
        .collect();
    let recording = read(&files, Some(Arch::X86_64)).unwrap();
    let mut rows = String::new();
    for (_, run) in recording.runs() {
        for (call, observed) in &run.calls[&Arch::X86_64] {
            let time = observed.since_start.map(|time| time.as_millis());
            let time = time.map_or("-".to_owned(), |time| time.to_string());
            writeln!(rows, "{call} {time}").unwrap();
        }
        for (program, executable) in &run.executables {
            for (before, times) in &executable.started_by {
                writeln!(rows, "{program} < {before:?} {times}").unwrap();
            }
        }
    }
    expected.assert_eq(&rows);
}

#[test]
fn a_shell_and_what_it_starts() {
    check(
        &[(
            None,
            "7 12:00:00.000000 execve(\"/bin/sh\", [\"sh\"], 0x7 /* 1 var */) = 0\n\
             7 12:00:00.100000 clone(child_stack=NULL, flags=SIGCHLD) = 8\n\
             8 12:00:00.200000 execve(\"/bin/ls\", [\"ls\"], 0x7 /* 1 var */) = 0\n\
             8 12:00:00.300000 exit_group(0) = ?\n\
             8 12:00:00.300000 +++ exited with 0 +++\n\
             7 12:00:00.400000 execve(\"/bin/cat\", [\"cat\"], 0x7 /* 1 var */) = 0\n",
        )],
        expect![[r#"
            clone 100
            execve 0
            exit_group 300
            /bin/cat < "/bin/sh" 1
            /bin/ls < "/bin/sh" 1
            /bin/sh < "" 1
        "#]],
    );
}

/// The child may be faster than its parent's call.
#[test]
fn a_child_executes_before_its_birth_is_told() {
    check(
        &[(
            None,
            "7 execve(\"/bin/sh\", [\"sh\"], 0x7 /* 1 var */) = 0\n\
             7 vfork( <unfinished ...>\n\
             8 execve(\"/bin/ls\", [\"ls\"], 0x7 /* 1 var */ <unfinished ...>\n\
             8 <... execve resumed>) = 0\n\
             7 <... vfork resumed>) = 8\n",
        )],
        expect![[r#"
            execve -
            vfork -
            /bin/ls < "/bin/sh" 1
            /bin/sh < "" 1
        "#]],
    );
}

/// Where it is not told whose child a process is, as in a namespace of its own, nothing is told of
/// what it ran before.
#[test]
fn a_child_of_nobody() {
    check(
        &[(
            None,
            "107 execve(\"/bin/sh\", [\"sh\"], 0x7 /* 1 var */) = 0\n\
             107 fork() = 2\n\
             108 execve(\"/bin/ls\", [\"ls\"], 0x7 /* 1 var */) = 0\n",
        )],
        expect![[r#"
            execve -
            fork -
            /bin/sh < "" 1
        "#]],
    );
}

/// Numbers wrap around, so that a child's file may be read first, and begins later.
#[test]
fn a_set_is_as_old_as_its_oldest_file() {
    check(
        &[
            (
                Some(8),
                "1700000000.500 execve(\"/bin/ls\", [\"ls\"], 0x7 /* 1 var */) = 0\n\
                 1700000000.750 brk(NULL) = 0x1\n",
            ),
            (
                Some(9000),
                "1700000000.000 execve(\"/bin/sh\", [\"sh\"], 0x7 /* 1 var */) = 0\n\
                 1700000000.250 fork() = 8\n",
            ),
        ],
        expect![[r#"
            brk 750
            execve 0
            fork 250
            /bin/ls < "/bin/sh" 1
        "#]],
    );
}

#[test]
fn midnight_passes() {
    check(
        &[(
            None,
            "23:59:59 execve(\"/bin/sh\", [\"sh\"], 0x7 /* 1 var */) = 0\n\
             00:00:02 brk(NULL) = 0x1\n\
             00:00:01 getpid() = 7\n",
        )],
        expect![[r#"
            brk 3000
            execve 0
            getpid 2000
            /bin/sh < "" 1
        "#]],
    );
}
