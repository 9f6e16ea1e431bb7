//! The tables of `-c` and `-C`.

use expect_test::expect;

use crate::{check, check_untold};

const HEADER: &str = "% time     seconds  usecs/call     calls    errors syscall\n------ ----------- ----------- --------- --------- ----------------\n";

#[test]
fn one_table() {
    check(
        &format!(
            "{HEADER} 38.13    0.002871         124        23           close\n  0.00    0.000000           0         2         2 arch_prctl\n------ ----------- ----------- --------- --------- ----------------\n100.00    0.000789           5       145        19 total\n"
        ),
        expect![[r#"
            x86_64 arch_prctl failed 2
            x86_64 close ok 23
            ~ decoration 6
            ! summary-only
        "#]],
    );
}

#[test]
fn a_table_for_each_personality() {
    check_untold(
        &format!(
            "{HEADER} 38.13    0.002871         124        23           close\n  0.00    0.000000           0         2         1 arch_prctl\n------ ----------- ----------- --------- --------- ----------------\n100.00    0.000789                   145        19 total\n\
                  System call usage summary for 32 bit mode:\n{HEADER} 50.00    0.000100          10        10         3 mmap2\n 50.00    0.000100          10         1           socket\n------ ----------- ----------- --------- --------- ----------------\n100.00    0.000200                    11         3 total\n"
        ),
        expect![[r#"
            x86 mmap2 ok 7
            x86 mmap2 failed 3
            x86 socket ok 1 either
            x86 socketcall ok 1 either
            x86_64 arch_prctl ok 1
            x86_64 arch_prctl failed 1
            x86_64 close ok 23
            ~ decoration 13
            ! summary-only
        "#]],
    );
}

#[test]
fn columns_in_any_order() {
    check(
        "syscall\n----------------\nread\nwrite\n----------------\ntotal\n",
        expect![[r#"
            x86_64 read ok 1
            x86_64 write ok 1
            ~ decoration 6
            ! summary-only
        "#]],
    );
    check(
        "    calls    errors syscall          % time  shortest   longest\n--------- --------- ---------------- ------ --------- ---------\n       23         4 openat            10.00  0.000001  0.000020\n        7           read              90.00  0.000001  0.000020\n--------- --------- ---------------- ------ --------- ---------\n       30         4 total            100.00  0.000001  0.000020\n",
        expect![[r#"
            x86_64 openat ok 19
            x86_64 openat failed 4
            x86_64 read ok 7
            ~ decoration 6
            ! summary-only
        "#]],
    );
    check(
        "syscall              calls\n----------------- --------\nopenat                  23\n----------------- --------\ntotal                   23\n",
        expect![[r#"
            x86_64 openat ok 23
            ~ decoration 5
            ! summary-only
        "#]],
    );
}

/// strace 7.1 has columns of wall clock time and rows for numbers without a name.
#[test]
fn rows_of_later_versions() {
    check(
        "% time  wall-total  usecs/call     calls    errors syscall\n------ ----------- ----------- --------- --------- ----------------\n 60.00    0.000010          10         1         1 syscall_0x270f\n 40.00    0.000010          10         1           getuid\n------ ----------- ----------- --------- --------- ----------------\n100.00    0.000020                     2         1 total\n",
        expect![[r#"
            x86_64 getuid ok 1
            x86_64 #9999 failed 1
            ~ decoration 6
            ! summary-only
        "#]],
    );
}

/// The table behind a trace counts again what the trace has.
#[test]
fn a_table_behind_a_trace() {
    check(
        &format!(
            "1 execve(\"/a\", [], 0x7f) = 0\n1 brk(NULL) = 0x1\n1 exit_group(0) = ?\n1 +++ exited with 0 +++\n{HEADER} 50.00    0.000100          10         1           execve\n 30.00    0.000100          10         1           brk\n 20.00    0.000100          10         2         1 getuid\n------ ----------- ----------- --------- --------- ----------------\n100.00    0.000300                     4         1 total\n"
        ),
        expect![[r#"
            x86_64 brk ok 1
            x86_64 execve ok 1
            x86_64 exit_group no-return 1
            x86_64 getuid ok 1
            x86_64 getuid failed 1
            ~ event 1
            ~ decoration 7
        "#]],
    );
}

#[test]
fn a_header_alone_is_no_table_of_calls() {
    check(
        HEADER,
        expect![[r#"
        error: `log` has no call in it; expected lines such as `openat(AT_FDCWD, "/etc", 0) = 3`
    "#]],
    );
}

/// Counts are the log's, and a log may say anything.
#[test]
fn counts_beyond_any_log() {
    check(
        "syscall              calls    errors\n----------------- -------- ---------\nread 281474976710656 281474976710656\nread 281474976710656 1\nwrite 18446744073709551615 1\n",
        expect![[r#"
            x86_64 read ok 281474976710655
            x86_64 read failed 281474976710657
            ~ decoration 4
            ~ not-understood 1
            ! summary-only
            ! not-understood
        "#]],
    );
}
