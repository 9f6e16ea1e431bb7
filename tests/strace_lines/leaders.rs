//! What stands before a call never changes the call.

use callsieve::arch::Arch;

use crate::{read, rows};

const PIDS: [&str; 5] = [
    "",
    "49    ",
    "49<a b\\74c\\76(d)> ",
    "[pid    49] ",
    "[pid    49<sh>] ",
];
const CONTEXTS: [&str; 2] = [
    "",
    "[unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023] ",
];
const TIMES: [&str; 9] = [
    "",
    "18:39:34 ",
    "18:39:34.595 ",
    "18:39:34.595259 ",
    "18:39:34.595259123 ",
    "1795459454 ",
    "1795459454.595 ",
    "1795459454.595259 ",
    "1795459454.595259123 ",
];
const RELATIVE: [&str; 4] = [
    "",
    "     0.000054 ",
    "(+     0.000028) ",
    "(+   123.000028) ",
];
const POINTERS: [&str; 5] = [
    "",
    "[00007f3c9a3d4b21] ",
    "[f7f3c9a3] ",
    "[????????????????] ",
    "[????????] ",
];

/// Lines, with the number that `-n` prints before each.
const LINES: [(&str, &str); 11] = [
    (
        "[  59] ",
        "execve(\"/bin/true\", [\"true\", \"a(b) = 0\"], 0x7ffc /* 3 vars */) = 0",
    ),
    ("[  12] ", "brk(NULL)                = 0x55d4c0e3f000"),
    (
        "[ 257] ",
        "openat(AT_FDCWD, \"/we (ird) = 9\", O_RDONLY) = 3</we (ird) = 9>",
    ),
    ("[   0] ", "read(3,  <unfinished ...>"),
    ("[   0] ", "<... read resumed>\") = 7\", 7) = 1 <0.000012>"),
    (
        "[   3] ",
        "close(9)                 = -1 EBADF (Bad file descriptor)",
    ),
    (
        "[ 500] ",
        "syscall_0x1f4(0, 0, 0) = -1 ENOSYS (Function not implemented)",
    ),
    (
        "[   0] ",
        "--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=5} ---",
    ),
    ("[  15] ", "rt_sigreturn({mask=[]})  = 0"),
    ("[ 231] ", "exit_group(0)            = ?"),
    ("[ 231] ", "+++ exited with 0 +++"),
];

const ROWS: &str = "\
x86_64 brk ok 1
x86_64 close EBADF 1
x86_64 execve ok 1
x86_64 exit_group no-return 1
x86_64 openat ok 1
x86_64 read ok 1
x86_64 rt_sigreturn ok 1
x86_64 #500 ENOSYS 1
~ event 2
";

#[test]
fn every_combination_of_fields() {
    let mut looked_at = 0;
    for pid in PIDS {
        for context in CONTEXTS {
            for time in TIMES {
                for relative in RELATIVE {
                    for numbered in [Some(true), Some(false), None] {
                        for pointer in POINTERS {
                            let mut log = String::new();
                            for (number, line) in LINES {
                                let number = match numbered {
                                    Some(true) => number,
                                    Some(false) => "[????] ",
                                    None => "",
                                };
                                let fields = [pid, context, time, relative, number, pointer, line];
                                log.extend(fields);
                                log.push('\n');
                            }
                            let read = read(&[(None, log.as_bytes())], Some(Arch::X86_64));
                            assert_eq!(rows(&read), ROWS, "{log}");
                            looked_at += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(looked_at, 5 * 2 * 9 * 4 * 3 * 5);
}
