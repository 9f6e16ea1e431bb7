//! What other tools print gives an error, and no set of calls that looks whole.

use expect_test::expect;

use crate::check;

#[test]
fn ltrace() {
    check(
        "1 __libc_start_main(0x401136, 1, 0x7ffc, 0 <unfinished ...>\n1 open(\"/etc/passwd\", 0) = 3\n1 free(0x1) = <void>\n",
        expect![[r#"
            error: `log` line 1: this is a log of ltrace, not of strace
        "#]],
    );
    check(
        "read(3, \"\", 1) = 0\n+++ exited (status 0) +++\n",
        expect![[r#"
            error: `log` line 2: this is a log of ltrace, not of strace
        "#]],
    );
    check(
        "SYS_openat(0xffffff9c, 0x7f, 0) = 3\nSYS_pread(3, 0x7f) = 0\n",
        expect![[r#"
            error: `log` line 1: expected a line of strace such as `openat(AT_FDCWD, "/etc", 0) = 3`, found `SYS_openat(0xffffff9c, 0x7f, 0) = 3`; no line of the log was understood
        "#]],
    );
}

#[test]
fn qemu_user() {
    check(
        "15856 brk(NULL) = 0x0000aaaa\n15856 openat(-100,\"/etc/ld.so.preload\",O_RDONLY) = -1 errno=2 (No such file or directory)\n15856 exit_group(0)\n",
        expect![[r#"
            error: `log` line 2: this is a log of qemu, not of strace
        "#]],
    );
    check(
        "15856 brk(NULL) = 0x0000aaaa\n15856 Unknown syscall 334\n",
        expect![[r#"
            error: `log` line 2: this is a log of qemu, not of strace
        "#]],
    );
}

#[test]
fn others() {
    for log in [
        // gVisor, perf trace, perf script, auditd, lurk, the JSON that strace may print one day.
        "[pid  4007] X pread64(0x3, 0xc0, 0x2000) = 0x0 (19.78\u{b5}s)\n",
        "     0.000 ( 0.015 ms): cat/1234 openat(dfd: CWD, filename: 0x7f) = 3\n",
        "cat  1234 [000]  100.000001: syscalls:sys_enter_openat: dfd: 0xffffff9c\n",
        "type=SYSCALL msg=audit(1795459454.447:328): arch=c000003e syscall=59 success=yes exit=0\n",
        "{\"type\":\"SYSCALL\",\"pid\":1,\"num\":257,\"syscall\":\"openat\"}\n",
        "{\"event\":\"syscall\",\"pid\":1234,\"syscall\":{\"name\":\"openat\",\"scno\":\"257\"}}\n",
        "just some text\n\nmore of it (with brackets) = 3\n",
        "\0\0\0\0",
    ] {
        let rows = crate::rows(&crate::read(&[(None, log.as_bytes())], None));
        assert!(rows.starts_with("error: "), "{log}: {rows}");
    }
    check(
        "",
        expect![[r#"
        error: `log` is empty; expected the output of strace
    "#]],
    );
    check(
        "just some text\n",
        expect![[r#"
        error: `log` line 1: expected a line of strace such as `openat(AT_FDCWD, "/etc", 0) = 3`, found `just some text`; no line of the log was understood
    "#]],
    );
}
