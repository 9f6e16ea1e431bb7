//! Who is who: threads that execute, numbers that come again, files in any order.

use callsieve::arch::Arch;
use expect_test::expect;

use crate::{check, read};

#[test]
fn a_thread_takes_the_place_of_its_leader() {
    check(
        "1 execve(\"/a\", [], 0x7f) = 0\n1 brk(NULL) = 0x1\n1 clone(child_stack=0x7f, flags=CLONE_VM|CLONE_THREAD) = 2\n\
         1 futex(0x1, FUTEX_WAIT, 2, NULL <unfinished ...>\n2 execve(\"/b\", [], 0x7f <unfinished ...>\n\
         1 <... futex resumed>) = ?\n1 +++ superseded by execve in pid 2 +++\n1 <... execve resumed>) = 0\n1 exit_group(0) = ?\n1 +++ exited with 0 +++\n",
        expect![[r#"
            x86_64 brk ok 1
            x86_64 clone ok 1
            x86_64 execve ok 2
            x86_64 exit_group no-return 1
            x86_64 futex no-return 1
            ~ event 2
        "#]],
    );
}

const LEADER: &str = "execve(\"/a\", [], 0x7f) = 0\nbrk(NULL) = 0x1\nclone(child_stack=0x7f, flags=CLONE_VM|CLONE_THREAD) = 352\n\
     futex(0x1, FUTEX_WAIT, 2, NULL) = ?\n+++ superseded by execve in pid 352 +++\n<... execve resumed>) = 0\nexit_group(0) = ?\n+++ exited with 0 +++\n";
const THREAD: &str =
    "set_robust_list(0x1, 24) = 0\nexecve(\"/b\", [\"b\"], 0x7f <pid changed to 351 ...>\n";

const SET: &str = "\
x86_64 brk ok 1
x86_64 clone ok 1
x86_64 execve ok 2
x86_64 exit_group no-return 1
x86_64 futex no-return 1
x86_64 set_robust_list ok 1
~ event 2
";

/// The thread's file may come before its leader's or after it: numbers wrap around.
#[test]
fn a_thread_executes_in_a_set_of_files() {
    for files in [
        [(351, LEADER), (352, THREAD)],
        [(352, THREAD), (351, LEADER)],
    ] {
        let bytes: Vec<(Option<u32>, &[u8])> = files
            .iter()
            .map(|(p, t)| (Some(*p), t.as_bytes()))
            .collect();
        let recording = read(&bytes, Some(Arch::X86_64)).unwrap();
        let programs: Vec<String> = recording
            .runs()
            .flat_map(|(_, run)| run.executables.keys().cloned().collect::<Vec<_>>())
            .collect();
        assert_eq!(programs, ["", "/a", "/b"]);
        assert_eq!(crate::rows(&read(&bytes, Some(Arch::X86_64))), SET);
    }
}

#[test]
fn a_number_that_comes_again_is_another_process() {
    let log = "1 execve(\"/a\", [], 0x7f) = 0\n1 brk(NULL) = 0x1\n1 clone(child_stack=NULL, flags=SIGCHLD) = 5\n5 execve(\"/b\", [], 0x7f) = 0\n\
         5 read(0,  <unfinished ...>\n5 +++ killed by SIGKILL +++\n1 clone(child_stack=NULL, flags=SIGCHLD) = 5\n5 <... read resumed>\"\", 1) = 0\n5 getuid() = 0\n5 +++ exited with 0 +++\n1 +++ exited with 0 +++\n";
    check(
        log,
        expect![[r#"
        x86_64 brk ok 1
        x86_64 clone ok 2
        x86_64 execve ok 2
        x86_64 getuid ok 1
        x86_64 read ok 1
        x86_64 read no-return 1
        ~ event 3
        ~ resumed-only 1
        ! filtered
    "#]],
    );
    let recording = read(&[(None, log.as_bytes())], Some(Arch::X86_64)).unwrap();
    let totals = recording.totals();
    let (_, getuid) = totals[&Arch::X86_64]
        .iter()
        .find(|(call, _)| call.to_string() == "getuid")
        .unwrap();
    // Not `/b`, which the process of that number ran before.
    assert_eq!(getuid.by.keys().copied().collect::<Vec<_>>(), ["/a"]);
}

#[test]
fn a_child_that_is_seen_before_its_parent_has_forked() {
    let log = "1 execve(\"/a\", [], 0x7f) = 0\n1 brk(NULL) = 0x1\n1 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>\n2 set_robust_list(0x1, 24 <unfinished ...>\n\
         1 <... clone resumed>, child_tidptr=0x7f1) = 2\n2 <... set_robust_list resumed>) = 0\n2 getuid() = 0\n2 exit_group(0) = ?\n2 +++ exited with 0 +++\n1 exit_group(0) = ?\n1 +++ exited with 0 +++\n";
    check(
        log,
        expect![[r#"
        x86_64 brk ok 1
        x86_64 clone ok 1
        x86_64 execve ok 1
        x86_64 exit_group no-return 2
        x86_64 getuid ok 1
        x86_64 set_robust_list ok 1
        ~ event 2
    "#]],
    );
    let recording = read(&[(None, log.as_bytes())], Some(Arch::X86_64)).unwrap();
    for total in recording.totals()[&Arch::X86_64].values() {
        assert!(total.by.keys().all(|name| name.is_empty() || *name == "/a"));
    }
}
