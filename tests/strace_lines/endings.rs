//! How calls end, and how they do not.

use expect_test::expect;

use crate::check;

#[test]
fn results() {
    check(
        "1 close(1) = 0\n1 close(2)                                = 0\n1 close(3)=0\n1 close(4) = ?\n\
         1 close(5) = ? <unavailable>\n1 close(6) = -1 (errno 524)\n1 close(7) = -1 EBADF (Bad file descriptor) <0.000012>\n\
         1 close(8) = 0x7f (flags O_RDONLY) <0.1>\n1 close(9) = 3</a b) = -1 EPERM (x)>\n",
        expect![[r#"
            x86_64 close ok 4
            x86_64 close EBADF 1
            x86_64 close errno 524 1
            x86_64 close no-return 1
            x86_64 close unknown 2
            ~ unterminated 1
            ! no-start
        "#]],
    );
}

#[test]
fn interrupted_and_restarted() {
    check(
        "1 read(4, 0x7ff, 1) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)\n\
         1 nanosleep({tv_sec=1}, NULL) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)\n\
         1 --- SIGSTOP {si_signo=SIGSTOP} ---\n1 --- stopped by SIGSTOP ---\n\
         1 --- SIGCONT (Continued) @ 0 (0) ---\n\
         1 restart_syscall(<... resuming interrupted clock_nanosleep ...>) = 0\n\
         1 restart_syscall(<... resuming interrupted read ...> <unfinished ...>\n1 <... restart_syscall resumed>) = -1 EINTR (Interrupted system call)\n",
        expect![[r#"
            x86_64 nanosleep interrupted 1
            x86_64 read interrupted 1
            x86_64 restart_syscall ok 1
            x86_64 restart_syscall EINTR 1
            ~ event 3
            ! no-start
        "#]],
    );
}

#[test]
fn injected() {
    check(
        "1 write(3, \"x(y) = 1\\n\", 9) = 7 (INJECTED)\n1 openat(AT_FDCWD, \"/\", 0) = 3 (DELAYED)\n\
         1 read(3, \"\", 832) = 832 (INJECTED: args)\n1 read(3, \"\", 832) = -1 EPERM (Operation not permitted) (INJECTED: args, retval)\n\
         1 munmap(0x1, 2) = -1 EPERM (Operation not permitted) (INJECTED) <0.000012>\n",
        expect![[r#"
            x86_64 munmap injected 1
            x86_64 openat ok 1
            x86_64 read ok 1
            x86_64 read injected 1
            x86_64 write injected 1
            ! no-start
        "#]],
    );
}

#[test]
fn unfinished_and_resumed() {
    check(
        "1 read(0,  <unfinished ...>\n2 pause( <unfinished ...>\n3 accept(3,  <unfinished ...>\n1 <... read resumed>\"a\", 1) = 1\n\
         2 <... pause resumed>) = ?\n2 +++ killed by SIGKILL +++\n4 <... epoll_wait resumed>[], 10, -1) = 0\n\
         5 <... read resumed> \"\", 1) = 0\n",
        expect![[r#"
            x86_64 accept unknown 1
            x86_64 epoll_wait ok 1
            x86_64 pause no-return 1
            x86_64 read ok 2
            ~ event 1
            ~ resumed-only 2
            ! no-start
        "#]],
    );
}

/// strace 4.12 and earlier put a blank behind `resumed>`.
#[test]
fn resumed_with_a_blank() {
    check(
        "1 read(0,  <unfinished ...>\n1 <... read resumed> \"a\", 1) = 1\n1 pause( <unfinished ...>\n1 <... pause resumed> ) = ?\n",
        expect![[r#"
            x86_64 pause no-return 1
            x86_64 read ok 1
            ! no-start
        "#]],
    );
}

#[test]
fn resumed_under_no_name() {
    check(
        "1 read(0,  <unfinished ...>\n1 <... ??? resumed>) = 0\n1 ???( <unfinished ...>\n1 <... read resumed>\"\", 1) = 0\n1 ????() = ?\n",
        expect![[r#"
            x86_64 read ok 2
            ~ resumed-only 1
            ~ unknown-name 2
            ! no-start
        "#]],
    );
}

#[test]
fn detached() {
    check(
        "strace: Process 15 attached with 2 threads\n[pid    15] clock_nanosleep(CLOCK_MONOTONIC, 0, {tv_sec=9},  <unfinished ...>\n[pid    16] futex(0x1, FUTEX_WAIT, 2, NULL <detached ...>\nstrace: Process 15 detached\n",
        expect![[r#"
            x86_64 clock_nanosleep unknown 1
            x86_64 futex unknown 1
            ~ message 2
            ! no-start
            ! detached
        "#]],
    );
}

#[test]
fn a_filter_refuses() {
    check(
        "1 getppid()                               = 110\n\
         1 --- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP, si_call_addr=0x7f, si_syscall=__NR_getppid, si_arch=AUDIT_ARCH_X86_64} ---\n\
         1 getpid() = 1\n1 getuid()                               = 102\n1 +++ killed by SIGSYS (core dumped) +++\n",
        expect![[r#"
            x86_64 getpid ok 1
            x86_64 getppid sigsys 1
            x86_64 getuid ok 1
            ~ event 2
            ! no-start
            ! killed-by-filter
        "#]],
    );
}

#[test]
fn stacks_and_dumps() {
    check(
        "1 read(3, \"x\", 1) = 1\n > /usr/lib/libc.so.6(__read+0x4e) [0xfe1ce]\n > unexpected_backtracing_error [0x1]\n\
        \x20| 00000  78 28 79 29 20 3d 20 31  0a                       x(y) = 1.        |\n",
        expect![[r#"
            x86_64 read ok 1
            ~ decoration 3
            ! no-start
        "#]],
    );
}

#[test]
fn pieces_of_a_line_on_a_terminal() {
    check(
        "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLDstrace: Process 2243 attached\n, child_tidptr=0x7f1) = 2243\n\
         [pid  2243] write(2, \"no newline at end\", 17no newline at end)       = 17\n\
         no end[pid  2243] exit_group(0) = ?\n\
         [pid  2243] +++ exited with 0 +++\n--- SIGCHLD {si_signo=SIGCHLD, si_pid=2243} ---\nexit_group(0) = ?\n+++ exited with 0 +++\n",
        expect![[r#"
            x86_64 clone ok 1
            x86_64 exit_group no-return 2
            x86_64 write ok 1
            ~ event 3
            ~ continuation 1
            ~ glued 1
            ! no-start
        "#]],
    );
}
