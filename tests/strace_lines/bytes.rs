//! Colours, line ends, blocks of NUL, bytes that are no UTF-8, long and torn lines.

use callsieve::arch::Arch;
use expect_test::expect;

use crate::{check, read, rows};

#[test]
fn colours() {
    check(
        "46    \x1b[33mexecve\x1b[0m(\x1b[35m\"/bin/true\"\x1b[0m, [\"true\"], 0x7f) = \x1b[36m0\x1b[0m\n\
         46    \x1b[33mbrk\x1b[0m(NULL) = 0x1\n\
         46    \x1b[33mopenat\x1b[0m(AT_FDCWD, \x1b[35m\"/x\"\x1b[0m, O_RDONLY) = \x1b[31m-1 ENOENT (No such file or directory)\x1b[0m\n\
         46    \x1b[33mread\x1b[0m(3,  \x1b[2m<unfinished ...>\x1b[0m\n\
         46    \x1b[2m<... \x1b[33mread\x1b[0m resumed>\x1b[0m\"\", 1) = 0\n",
        expect![[r#"
            x86_64 brk ok 1
            x86_64 execve ok 1
            x86_64 openat ENOENT 1
            x86_64 read ok 1
        "#]],
    );
}

#[test]
fn carriage_returns() {
    check(
        "1 brk(NULL) = 0x1\r\n1 read(0,  <unfinished ...>\r\n1 <... read resumed>\"\", 1) = 0\r\n1 +++ exited with 0 +++\r\n\r\n",
        expect![[r#"
            x86_64 brk ok 1
            x86_64 read ok 1
            ~ blank 1
            ~ event 1
            ! no-start
        "#]],
    );
}

#[test]
fn a_block_of_nul() {
    check(
        "1 brk(NULL) = 0x1\n\0\0\0\0\0\0\0\x001 close(3) = 0\n\0\0\0\0\n",
        expect![[r#"
            x86_64 brk ok 1
            x86_64 close ok 1
            ~ blank 1
            ! no-start
        "#]],
    );
}

#[test]
fn bytes_that_are_no_text() {
    let log = b"1 write(1, \"\xff\xfe) = 3\x80\", 9) = 9\n1 openat(AT_FDCWD, \"/\xe9\xc3(\", 0) = 3</\xe9\xc3(>\n\xff\xff\xff\n";
    expect![[r#"
        x86_64 openat ok 1
        x86_64 write ok 1
        ~ not-understood 1
        ! no-start
        ! not-understood
    "#]]
    .assert_eq(&rows(&read(&[(None, log)], Some(Arch::X86_64))));
}

#[test]
fn a_line_of_more_than_a_mebibyte() {
    let mut log = b"1 brk(NULL) = 0x1\n1 write(1, \"".to_vec();
    log.extend(std::iter::repeat_n(b'x', (1 << 20) + 300_000));
    log.extend(b"\", 9) = 9\n1 close(3) = 0\n");
    expect![[r#"
        x86_64 brk ok 1
        x86_64 close ok 1
        x86_64 write unknown 1
        ~ too-long 1
        ! no-start
    "#]]
    .assert_eq(&rows(&read(&[(None, &log)], Some(Arch::X86_64))));
}

#[test]
fn lines_behind_one_that_is_too_long() {
    for extra in [0, 1, 1000, 300_000, 600_000, 1 << 20] {
        let mut log = b"1 brk(NULL) = 0x1\n1 write(1, \"".to_vec();
        log.extend(std::iter::repeat_n(b'x', (1 << 20) + extra));
        log.extend(b"\", 9) = 9\n1 close(3) = 0\n1 close(4) = 0\n1 getpid() = 1\n1 getp");
        let rows = rows(&read(&[(None, &log)], Some(Arch::X86_64)));
        for row in [
            "write unknown 1",
            "close ok 2",
            "getpid ok 1",
            "too-long 1",
            "! torn",
        ] {
            assert!(rows.contains(row), "{extra}: {row} in {rows}");
        }
    }
}

#[test]
fn torn_last_lines() {
    let whole = "1 execve(\"/x\", [], 0x7f) = 0\n1 brk(NULL) = 0x1\n";
    for torn in [
        "1 read(0, ",
        "1 read(0, \"abc",
        "1 rea",
        "1 <... rea",
        "1 <... read resumed>\"a",
    ] {
        let log = format!("{whole}{torn}");
        let rows = rows(&read(&[(None, log.as_bytes())], Some(Arch::X86_64)));
        assert!(rows.contains("! torn"), "{torn}: {rows}");
    }
    check(
        &format!("{whole}1 read(0, "),
        expect![[r#"
        x86_64 brk ok 1
        x86_64 execve ok 1
        x86_64 read unknown 1
        ~ unterminated 1
        ! torn
    "#]],
    );
    // Whole, but for its line end.
    check(
        &format!("{whole}1 close(0) = 0"),
        expect![[r#"
        x86_64 brk ok 1
        x86_64 close ok 1
        x86_64 execve ok 1
    "#]],
    );
}
