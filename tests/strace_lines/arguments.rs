//! Arguments that come from a small set.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use crate::argument_rows;

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "as `expect!` makes it")]
fn check(log: &str, expected: Expect) {
    expected.assert_eq(&argument_rows(log));
}

#[test]
fn flags_of_clone() {
    check(
        "1 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f1) = 2\n\
         1 clone(child_stack=0x7f, flags=CLONE_VM|0x40|17 <unfinished ...>\n1 <... clone resumed>, parent_tid=[3]) = 3\n\
         1 clone(child_stack=NULL,  <unfinished ...>\n1 clone(child_stack=NULL, flags=SIGCHLDstrace: Process 5 attached\n1 clone(chi",
        expect![[r#"
            x86_64 clone 0 Number(17) 1
            x86_64 clone 0 Number(337) 1
            x86_64 clone 0 Number(18874385) 1
            x86_64 clone 0 unseen 2
        "#]],
    );
}

#[test]
fn family_type_and_protocol() {
    check(
        "1 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3\n1 socket(AF_UNIX, SOCK_DGRAM,  <unfinished ...>\n\
         1 socket(domain=AF_INET6, type=SOCK_RAW, protocol=IPPROTO_ICMPV6) = 3\n1 socket(0x2a /* AF_??? */, SOCK_STREAM, 0) = -1 EAFNOSUPPORT (Address family not supported by protocol)\n\
         1 socket(AF_NEW, SOCK_STREAM, 0) = 3<TCP:[127.0.0.1:80->127.0.0.1:9]>\n",
        expect![[r#"
            x86_64 socket 0 Number(1) 1
            x86_64 socket 0 Number(2) 1
            x86_64 socket 0 Number(10) 1
            x86_64 socket 0 Number(42) 1
            x86_64 socket 0 Text("AF_NEW") 1
            x86_64 socket 1 Number(1) 2
            x86_64 socket 1 Number(3) 1
            x86_64 socket 1 Number(524289) 1
            x86_64 socket 1 unseen 1
            x86_64 socket 2 Number(0) 3
            x86_64 socket 2 Number(58) 1
            x86_64 socket 2 unseen 1
        "#]],
    );
}

#[test]
fn requests_of_ioctl() {
    check(
        "1 ioctl(3</dev/pts/0<char 136:0>>, TCGETS, {c_iflag=ICRNL|IXON, ...}) = 0\n1 ioctl(3</a, b>, TIOCGWINSZ, {ws_row=24}) = 0\n\
         1 ioctl(3,  <unfinished ...>\n1 ioctl(3, TCGETS <unfinished ...>\n1 ioctl(3, _IOC(_IOC_READ, 0x54, 0x7, 0x4), 0x1) = -1 ENOTTY (x)\n1 ioctl(3, 0x5401 /* TCGETS */, 0x1) = 0\n1 ioctl(3, TCG",
        expect![[r#"
            x86_64 ioctl 1 Number(21505) 3
            x86_64 ioctl 1 Number(21523) 1
            x86_64 ioctl 1 Text("_IOC(_IOC_READ, 0x54, 0x7, 0x4)") 1
            x86_64 ioctl 1 unseen 2
        "#]],
    );
}

#[test]
fn more_values_than_are_kept() {
    let mut log = String::new();
    for request in 0..300 {
        writeln!(log, "1 ioctl(3, {request:#x}, 0) = 0").unwrap();
    }
    writeln!(log, "1 ioctl(3, \"{}\", 0) = 0", "x".repeat(500)).unwrap();
    let rows = argument_rows(&log);
    assert_eq!(rows.lines().count(), 257);
    assert_eq!(rows.lines().next_back(), Some("x86_64 ioctl 1 overflow 45"));
}
