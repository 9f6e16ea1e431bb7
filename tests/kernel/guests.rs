//! The table of guests: a new one is a file in `guests/` and a row here.

use std::collections::BTreeSet;
use std::fs;

use crate::bench::source;
use crate::guest::{Guest, Method, Need};

/// Makes a test of each row.
macro_rules! guests {
    ($($name:ident: $guest:expr;)*) => {
        $(
            #[test]
            fn $name() {
                $guest.check();
            }
        )*

        /// All of them, by their names.
        pub(crate) fn all() -> Vec<(&'static str, Guest)> {
            vec![$((stringify!($name), $guest)),*]
        }
    };
}

/// Shorter to write in rows.
fn guest(file: &'static str, status: i32, prints: &'static str) -> Guest {
    Guest::new(file, status, prints)
}

/// Whether a thread waits for another depends on which is faster.
const FUTEX: &str = "threads that meet do not always have to wait";

/// Whether a call is begun before a signal, a kill or an execve by another ends the wait for it.
const FIRST: &str = "what ends the call may come before the call";

/// Linux, `prepare_signal`: an ignored signal is dropped unless the task is traced.
const TRACED_IGNORED: &str = "a traced task is woken for its tracer even by an ignored signal";

/// Linux, `ptracer_capable` and `bprm_creds_from_file`.
const UNPRIVILEGED_TRACER: &str = "execve gives no rights to what somebody without them traces";

/// ptrace(2): EPERM where the process is being traced already.
const ONE_TRACER: &str = "a process has one tracer";

/// arch/x86/entry/vsyscall: `emulate_vsyscall` asks seccomp, and no tracer.
const VSYSCALL: &str =
    "a filter sees calls through the vsyscall page, and a tracepoint of its own; strace does not";

/// clone(2).
const UNTRACED: &str = "strace does not follow a child of CLONE_UNTRACED, its filters go with it";

/// seccomp(2): without `CAP_SYS_ADMIN` a filter needs `no_new_privs`.
const OWN_FILTER: &str = "the recorder's filter can be seen, and needs no_new_privs without rights";

/// seccomp(2): `prctl_set_seccomp` allows one mode for the life of a process.
const NO_STRICT: &str = "a process with a filter can't enter strict mode";
const STRICT_REFUSED: &str = "refused 22\n99\nrefused 22\n99\n";

/// Methods that put a filter on the program.
const FILTERS: &[Method] = &[Method::Filter, Method::Notify, Method::Known];

/// Methods that stop the program, as its tracer.
const STOPS: &[Method] = &[Method::Filter, Method::Stops];
const NOTIFY: &[Method] = &[Method::Notify];
/// Where most calls are known, the rest is notified of.
const NOTIFIED: &[Method] = &[Method::Notify, Method::Known];

const KNOWN: &[Method] = &[Method::Known];

/// Methods in the kernel, and those of them that see what a filter refuses by its end.
const IN_KERNEL: &[Method] = &[Method::Ebpf, Method::EbpfAtEnd, Method::EbpfResults];
const ONLY_AT_END: &[Method] = &[Method::EbpfAtEnd];
const AT_END: &[Method] = &[Method::EbpfAtEnd, Method::EbpfResults];
/// Methods that see calls through the vsyscall page.
const PAGE: &[Method] = &[
    Method::Filter,
    Method::Notify,
    Method::Known,
    Method::Ebpf,
    Method::EbpfAtEnd,
    Method::EbpfResults,
];
/// Methods beside which another may trace.
const NO_TRACER: &[Method] = &[
    Method::Notify,
    Method::Known,
    Method::Ebpf,
    Method::EbpfAtEnd,
    Method::EbpfResults,
];

/// seccomp(2): a call that kills neither begins nor ends, for the kernel's tracepoints.
const KILLS: &str = "a call that kills the thread has no end";

/// Linux, `__seccomp_filter`: there the process ends within the call, later by a signal at its end.
const ENDS_WITHIN: &str = "on Linux 5.10 a call that kills the process has no end";

/// glibc, `csu/check_fds.c`: only where the kernel says that the program was given rights.
const SECURE: &str = "without rights to give, none are looked after: no_new_privs";

/// seccomp(2): of what filters answer, refusals come before notifications.
const HIDDEN: &str = "what the program's own filter refuses is not notified of";

/// Linux, `seccomp_do_user_notification`: a signal interrupts the wait for the recorder.
const INTERRUPTED: &str = "a notified call ends with EINTR where a handler has no SA_RESTART";

guests! {
    // Births.
    fork: guest("fork.c", 3, "child 42, mine 1\n");
    vfork: guest("vfork.c", 0, "after exec\nvalue 2, exit 4, exec 5\n")
        .sees("x86_64 vfork");
    clone_vm: guest("clone_vm.c", 0, "value 6, status 7\n");
    clone_share: guest("clone_share.c", 0, "directory /usr, umask 027, descriptor there\n");
    clone_sighand: guest("clone_sighand.c", 0, "handler of 10\nalive\n");
    clone_parent: guest("clone_parent.c", 0, "child 8, sibling 9\n");
    clone_parent_first: guest("clone_parent_first.c", 8, "sibling\nfirst\n");
    clone_vfork: guest("clone_vfork.c", 0, "child first\nthen the parent, value 1\n");
    clone_untraced: guest("clone_untraced.c", 0, "child 0\nstatus 6\n")
        .sees("x86_64 sched_yield")
        .only_recorded("x86_64 sched_yield", UNTRACED)
        .only_recorded("x86_64 exit", UNTRACED);
    clone_ptrace: guest("clone_ptrace.c", 0, "status 6\n")
        .sees("x86_64 sched_yield");
    clone_nosignal: guest("clone_nosignal.c", 0, "plain ECHILD, __WCLONE 5\n__WALL 6, signals 1\n");
    clone_settid: guest("clone_settid.c", 0, "status 1, parent 1, child 1\n");
    clone3_pidfd: guest("clone3_pidfd.c", 0, "status 11\n")
        .sees("x86_64 clone3");
    clone3_set_tid: guest("clone3_set_tid.c", 0, "number 4321, status 12\n")
        .sees("x86_64 clone3").root();
    clone3_bad: guest("clone3_bad.c", 0, "size -1 errno 22\nflags -1 errno 22\n");
    spawn: guest("spawn.c", 0, "child 30\nno such 2\n");
    threads: guest("threads.c", 0, "1000 threads\n");
    thread_churn: guest("thread_churn.c", 0, "250\n").luck("x86_64 futex", FUTEX);
    thread_exec: guest("thread_exec.c", 13, "same number 1\n")
        .luck("x86_64 pause", FIRST)
        .luck("x86_64 futex", FUTEX)
        .sees("x86_64 execve");
    thread_exec_race: guest("thread_exec_race.c", 14, "ten rounds\n")
        .luck("x86_64 pause", FIRST);
    thread_fork: guest("thread_fork.c", 0, "child 17\n")
        .luck("x86_64 futex", FUTEX);
    leader_exit: guest("leader_exit.c", 15, "still here\n")
        .luck("x86_64 futex", FUTEX)
        .sees("x86_64 exit");
    exit_group: guest("exit_group.c", 16, "out\n");
    fork_bomb: guest("fork_bomb.c", 0, "bounded, 1 child\n").nobody();
    double_fork: guest("double_fork.c", 18, "daemon, session of another 1\n")
        .sees("x86_64 setsid")
        .sees("x86_64 getsid");
    orphan: guest("orphan.c", 19, "orphan\nchild 4, waits for more 10\n");
    subreaper: guest("subreaper.c", 0, "subreaper 1, child 21, orphan 20\n");
    pdeathsig: guest("pdeathsig.c", 0, "the parent's death is signal 12\n");
    parent_first: guest("parent_first.c", 137, "child after it\n")
        .luck("x86_64 pause", FIRST);

    // Execs, architectures, numbers.
    exec_failures: guest("exec_failures.c", 21,
        "nothing -1 2\nplain -1 13\ntext -1 8\ntext/x -1 20\nloop -1 40\n");
    exec_too_big: guest("exec_too_big.c", 0, "-1 E2BIG\n-1 E2BIG\n");
    exec_huge: guest("exec_huge.c", 22, "10000 arguments, last 120 bytes\n");
    exec_empty: guest("exec_empty.c", 23, "one empty argument, environment empty\n");
    exec_loop: guest("exec_loop.c", 24, "fifty\n");
    exec_32: guest("exec_32.c", 25, "64 bits\n32 bits\n64 bits\n").also_32()
        .sees("x86_64 getpriority")
        .sees("x86 getpgid")
        .sees("x86 execve")
        .sees("x86_64 execve");
    fexecve: guest("fexecve.c", 26, "through a descriptor\n")
        .sees("x86_64 execveat");
    execveat: guest("execveat.c", 27, "-1 2\nbelow a directory\n")
        .sees("x86_64 execveat");
    memfd_exec: guest("memfd_exec.c", 28, "from memory 1\n");
    shebang: guest("shebang.c", 29, "6 arguments: second, word\n");
    int80: guest("int80.c", 31, "1\n1\n").needs(Need::Ia32)
        .sees("x86 getpid")
        .sees("x86 getpgid");
    x32: guest("x32.c", 32, "getpid\n-1 writev\n")
        .sees("x32 getpid")
        .sees("x32 writev");
    unknown: guest("unknown.c", 33, "500: -1 ENOSYS\n1000: -1 ENOSYS\n4095: -1 ENOSYS\n\
        2147483647: -1 ENOSYS\n-1: -1 ENOSYS\n")
        .sees("x86_64 #500")
        .sees("x86_64 #1000")
        .sees("x86_64 #4095")
        .sees("x32 #2147483647")
        .sees("x86_64 #4294967295");
    vsyscall: guest("vsyscall.c", 34, "0\n1\n0 1\n").needs(Need::Vsyscall)
        .only_recorded("x86_64 time", VSYSCALL)
        .with(PAGE)
        .only_recorded("x86_64 gettimeofday", VSYSCALL)
        .with(PAGE)
        .only_recorded("x86_64 getcpu", VSYSCALL)
        .with(PAGE);
    vdso: guest("vdso.c", 0, "1 1 1\n");
    nolibc: guest("nolibc.S", 35, "assembled\n")
        .sees("x86_64 write")
        .sees("x86_64 exit_group");
    nolibc_32: guest("nolibc_32.S", 36, "assembled 32\n").flags(&["-m32"]).needs(Need::Ia32)
        .sees("x86 write")
        .sees("x86 getpgrp")
        .sees("x86 exit_group");
    multiplex_32: guest("multiplex_32.c", 37, "socketcall and ipc\n")
        .flags(&["-m32"]).needs(Need::Ia32)
        .sees("x86 socketcall")
        .sees("x86 ipc");
    static_musl: guest("static_musl.c", 38, "caught 10\n").flags(&["musl-gcc", "-static"])
        .needs(Need::Program("musl-gcc", "musl-tools")).luck("x86_64 nanosleep", "the signal may be there at once")
        .luck("x86_64 futex", FUTEX);
    script: guest("script.sh", 39, "trapped\ntwo\nsubshell 7\nnested deeper\n").interrupted();
    pool: guest("pool.py", 40, "40425\nchild\ntime limit\n")
        .needs(Need::Program("python3", "python3"))
        .luck("x86_64 futex", FUTEX)
        .luck("x86_64 restart_syscall", "SIGCHLD may come while it waits for a time limit");

    // Signals.
    signal_handled: guest("signal_handled.c", 41, "10 from myself, code 0\n15 from myself, code 0\n\
        2 from myself, code -6\n5 from myself, code -6\n17 from another, code 1\n");
    signal_ignored: guest("signal_ignored.c", 42, "read went through\n");
    winch_epoll: guest("winch_epoll.c", 0, "ready 1, interrupted 0\n")
        .strace_changes("ready 1, interrupted 1\n", 0, TRACED_IGNORED)
        .recording_changes("ready 1, interrupted 1\n", 0, TRACED_IGNORED).with(STOPS);
    signal_realtime: guest("signal_realtime.c", 43,
        "0:20 0:21 0:22 0:23 0:24 0:25 1:10 1:11 1:12 1:13 1:14 1:15 30:0 30:1 30:2 30:3 30:4 30:5 \n");
    signal_internal: guest("signal_internal.c", 44, "2 2\n")
        .sees("x86_64 rt_sigreturn");
    sa_restart: guest("sa_restart.c", 45, "read after 5 signals\n");
    sa_interrupt: guest("sa_interrupt.c", 46,
        "read -1 4\nwait -1 4\nsleep -1 4 left 1\nchild 137, signals 3\n");
    signal_nested: guest("signal_nested.c", 47, "outer 1\ninner 1 at depth 1\nouter 2\nouter 3\n\
        leaves 3\nleaves 2\nleaves 1\n")
        .sees("x86_64 rt_sigreturn");
    signal_storm: guest("signal_storm.c", 48, "no failure\n")
        .recording_changes("failures\n", 48, INTERRUPTED).with(NOTIFY);
    sigaltstack: guest("sigaltstack.c", 49, "signal 11 on the other stack 1\n");
    sigqueue: guest("sigqueue.c", 50, "value 12345, sender 1\n");
    kill_group: guest("kill_group.c", 51, "143 143 143 0\n")
        .luck("x86_64 pause", FIRST);
    tgkill: guest("tgkill.c", 52, "heard by 2\nkilled by 12\n").luck("x86_64 futex", FUTEX)
        .luck("x86_64 pause", FIRST);
    sigwait: guest("sigwait.c", 53, "10 from the child 1\n-1 EAGAIN\n");
    signalfd: guest("signalfd.c", 54, "seen 3\n");
    sigmask_pending: guest("sigmask_pending.c", 55, "pending 1\ndelivered 10\n");
    masks: guest("masks.c", 56, "ppoll -1 EINTR, 1\npselect -1 EINTR, 2\nepoll_pwait -1 EINTR, 3\n\
        sigsuspend -1 EINTR, 4\n");
    masks_late: guest("masks_late.c", 57, "-1 EINTR, 1\n");
    timers: guest("timers.c", 58, "pause -1, 1\npause -1, 77\ntimerfd 1\n");
    siglongjmp: guest("siglongjmp.c", 59, "jumped 3 times\n");
    resethand: guest("resethand.c", 143, "once 15\n");
    sigchld_many: guest("sigchld_many.c", 60, "reaped 50\n")
        .luck("x86_64 rt_sigsuspend", "the last child may be reaped before");
    nocldwait: guest("nocldwait.c", 61, "wait -1 ECHILD\n");
    sigpipe: guest("sigpipe.c", 62, "child 141\n-1 EPIPE\n");
    faults: guest("faults.c", 63, "signal 11 code 1\nsignal 8 code 1\nsignal 4 code 2\n\
        signal 7 code 2\nsignal 5 code 128\n");
    single_step: guest("single_step.c", 64, "parent 1, steps 6\n");

    // Stops and terminals.
    stop_continue: guest("stop_continue.c", 65,
        "stopped 1 by 19\nstill 0\ncontinued 1\nstatus 9\n");
    stop_waitid: guest("stop_waitid.c", 66, "code 5 status 19\ncode 5 status 19\n\
        code 6 status 18\ncode 2 status 15\ncode 2 status 15\n")
        .luck("x86_64 pause", FIRST);
    stop_self: guest("stop_self.c", 67, "continued\n");
    stop_nanosleep: guest("stop_nanosleep.c", 68, "status 5\n")
        .sees("x86_64 restart_syscall");
    stop_poll: guest("stop_poll.c", 69, "status 6\n")
        .sees("x86_64 restart_syscall");
    stop_threads: guest("stop_threads.c", 70,
        "3 of 3 stood still\n3 of 3 stood still\n3 of 3 stood still\n")
        .luck("x86_64 pause", FIRST);
    stop_births: guest("stop_births.c", 129, "stopped 1, status 14\n").luck("x86_64 futex", FUTEX);
    vfork_stop: guest("vfork_stop.c", 124, "child 11, other 0\n");
    zombie_leader_stop: guest("zombie_leader_stop.c", 122,
        "stopped 1\ncontinued 1\nstatus 10\n");
    zombie_leader_exec: guest("zombie_leader_exec.c", 123, "first again 1\n");
    wait_nothread: guest("wait_nothread.c", 125, "-1 ECHILD, own 12\nmine 13\n")
        .luck("x86_64 futex", FUTEX);
    sigchld_codes: guest("sigchld_codes.c", 126, "stopped continued exited \n");
    sigcont_handler: guest("sigcont_handler.c", 127,
        "cleans up\nstopped by 20\ncontinued\nagain\nstatus 4\n");
    siginfo_kept: guest("siginfo_kept.c", 128, "kept 1\n");
    compat_jump: guest("compat_jump.c", 130, "getpid 1\n").flags(&["-no-pie"])
        .needs(Need::Ia32).sees("x86 getpid");
    stop_kill: guest("stop_kill.c", 71, "137\n0\n143\n")
        .luck("x86_64 pause", FIRST);
    tty_interrupt: guest("tty_interrupt.c", 72, "leader 2, child 130\nleader 3\n")
        .luck("x86_64 pause", FIRST);
    tty_suspend: guest("tty_suspend.c", 73, "stopped by 20\nforeground 1\n");
    tty_background: guest("tty_background.c", 74,
        "stopped by 21\nended 137\nstopped by 22\nended 137\n");
    tty_hangup: guest("tty_hangup.c", 75, "leader 7, job heard 1\n");
    script_tty: guest("script_tty.sh", 76, "stopped 147\nwaited 143\n").needs(Need::Program("script", "bsdutils"))
        .luck("x86_64 rt_sigsuspend", "the job may be gone before the shell waits");

    // Deaths and waits.
    deaths: guest("deaths.c", 77, "56 deaths\n");
    die_0: guest("die.c", 0, "before\n").arguments(&["status", "0"]);
    die_1: guest("die.c", 1, "before\n").arguments(&["status", "1"]);
    die_128: guest("die.c", 128, "before\n").arguments(&["status", "128"]);
    die_255: guest("die.c", 255, "before\n").arguments(&["status", "255"]);
    die_hangup: guest("die.c", 129, "before\n").arguments(&["signal", "1"]);
    die_interrupt: guest("die.c", 130, "before\n").arguments(&["signal", "2"]);
    die_trap: guest("die.c", 133, "before\n").arguments(&["signal", "5"]);
    die_kill: guest("die.c", 137, "before\n").arguments(&["signal", "9"]);
    die_term: guest("die.c", 143, "before\n").arguments(&["signal", "15"]);
    die_sigsys: guest("die.c", 159, "before\n").arguments(&["signal", "31"])
        .gaps_with(NOTIFIED, &["killed-by-filter"]);
    die_cancel: guest("die.c", 160, "before\n").arguments(&["signal", "32"]);
    die_realtime: guest("die.c", 192, "before\n").arguments(&["signal", "64"]);
    die_abort: guest("die.c", 134, "before\n").arguments(&["abort", "0"]);
    die_fault: guest("die.c", 139, "before\n").arguments(&["fault", "0"]);
    core_dumped: guest("core_dumped.c", 78, "signal 6, core 1\n");
    wait_variants: guest("wait_variants.c", 79, "nothing yet 0\ncode 2 status 15\nwait4 3\n\
        group 4\nP_PGID 5\nany 6\n-1 ECHILD\n")
        .luck("x86_64 pause", FIRST);
    kill_any_moment: guest("kill_any_moment.c", 80, "killed 200\n")
        .sees("x86_64 sched_yield");
    many_children: guest("many_children.c", 115, "200\n");
    detached: guest("detached.sh", 118, "first\nbackground, 64 bits\n");
    trap_exit: guest("trap_exit.sh", 143, "cleaning\n");

    // Filters of its own.
    seccomp_errno: guest("seccomp_errno.c", 81, "-1 123\n")
        .sees("x86_64 getpriority")
        .gaps_with(NOTIFY, &["hidden-by-filter"])
        .only_strace("x86_64 getpriority", HIDDEN).with(NOTIFY);
    seccomp_trap: guest("seccomp_trap.c", 82, "signal 31, call 140\ngoes on\n")
        .sees("x86_64 getpriority")
        .gaps_with(NOTIFY, &["hidden-by-filter"])
        .only_strace("x86_64 getpriority", HIDDEN).with(NOTIFY);
    seccomp_kill_process: guest("seccomp_kill_process.c", 159, "before\n")
        .sees("x86_64 getpriority").gaps(&["killed-by-filter"])
        .gaps_with(NOTIFY, &["hidden-by-filter", "killed-by-filter"])
        .only_strace("x86_64 getpriority", HIDDEN).with(NOTIFY)
        .luck("x86_64 getpriority", ENDS_WITHIN).with(ONLY_AT_END);
    seccomp_kill_thread: guest("seccomp_kill_thread.c", 83, "one thread less\n")
        .luck("x86_64 futex", FUTEX)
        .sees("x86_64 getpriority").gaps(&["killed-by-filter"])
        .gaps_with(NOTIFY, &["hidden-by-filter"])
        .only_strace("x86_64 getpriority", HIDDEN).with(NOTIFY)
        .only_strace("x86_64 getpriority", KILLS).with(AT_END);
    seccomp_errno_32: guest("seccomp_errno.c", 81, "-1 123\n").flags(&["-m32"]).needs(Need::Ia32)
        .sees("x86 getpriority")
        .gaps_with(NOTIFY, &["hidden-by-filter"])
        .only_strace("x86 getpriority", HIDDEN).with(NOTIFY);
    seccomp_trap_32: guest("seccomp_trap.c", 82, "signal 31, call 96\ngoes on\n")
        .flags(&["-m32"]).needs(Need::Ia32)
        .sees("x86 getpriority")
        .gaps_with(NOTIFY, &["hidden-by-filter"])
        .only_strace("x86 getpriority", HIDDEN).with(NOTIFY);
    seccomp_kill_process_32: guest("seccomp_kill_process.c", 159, "before\n")
        .flags(&["-m32"]).needs(Need::Ia32)
        .sees("x86 getpriority").gaps(&["killed-by-filter"])
        .gaps_with(NOTIFY, &["hidden-by-filter", "killed-by-filter"])
        .only_strace("x86 getpriority", HIDDEN).with(NOTIFY)
        .luck("x86 getpriority", ENDS_WITHIN).with(ONLY_AT_END);
    seccomp_trace: guest("seccomp_trace.c", 84, "-1 ENOSYS\n")
        .sees("x86_64 getpriority")
        .gaps_with(NOTIFY, &["hidden-by-filter"])
        .recording_changes("answered ?\n", 84, "notifications come before stops that a filter asks for").with(NOTIFY);
    seccomp_log: guest("seccomp_log.c", 85, "let through\n")
        .gaps_with(NOTIFY, &["hidden-by-filter"]);
    seccomp_strict: guest("seccomp_strict.c", 86, "strict\n7\n137\n")
        .recording_changes(STRICT_REFUSED, 86, NO_STRICT)
        .with(FILTERS)
        .only_strace("x86_64 exit", NO_STRICT)
        .with(FILTERS)
        .only_strace("x86_64 getppid", NO_STRICT)
        .with(FILTERS)
        .gaps_with(FILTERS, &["strict-seccomp"])
        .only_strace("x86_64 getppid", KILLS).with(AT_END)
        .gaps_with(IN_KERNEL, &["killed-by-filter"]);
    seccomp_notify: guest("seccomp_notify.c", 87, "55\n")
        .luck("x86_64 futex", FUTEX)
        .sees("x86_64 getpriority")
        .recording_changes("refused 16\n", 87, "one listener for each task").with(NOTIFY)
        .gaps_with(NOTIFY, &["hidden-by-filter", "own-listener"])
        .another_way("without its listener it ends early").with(NOTIFY);
    seccomp_notify_32: guest("seccomp_notify.c", 87, "55\n").flags(&["-m32"]).needs(Need::Ia32)
        .luck("x86 futex", FUTEX)
        .luck("x86 futex_time64", FUTEX)
        .sees("x86 getpriority")
        .recording_changes("refused 16\n", 87, "one listener for each task").with(NOTIFY)
        .gaps_with(NOTIFY, &["hidden-by-filter", "own-listener"])
        .another_way("without its listener it ends early").with(NOTIFY);
    seccomp_tsync: guest("seccomp_tsync.c", 88, "99\n")
        .luck("x86_64 futex", FUTEX)
        .sees("x86_64 getpriority")
        .gaps_with(NOTIFY, &["hidden-by-filter"])
        .only_strace("x86_64 getpriority", HIDDEN).with(NOTIFY);
    seccomp_tsync_spinning: guest("seccomp_tsync_spinning.c", 88, "99\n")
        .luck("x86_64 futex", FUTEX)
        .sees("x86_64 getpriority")
        .gaps_with(NOTIFY, &["hidden-by-filter"])
        .only_strace("x86_64 getpriority", HIDDEN).with(NOTIFY);
    seccomp_tsync_between: guest("seccomp_tsync_between.c", 88, "99\n").needs(Need::Ia32)
        .luck("x86_64 futex", FUTEX)
        .sees("x86_64 getpriority")
        .sees("x86 _llseek")
        .gaps_with(NOTIFY, &["hidden-by-filter"])
        .only_strace("x86_64 getpriority", HIDDEN).with(NOTIFY);
    seccomp_exec: guest("seccomp_exec.c", 89, "98\n")
        .sees("x86_64 getpriority")
        .gaps_with(NOTIFY, &["hidden-by-filter"])
        .only_strace("x86_64 getpriority", HIDDEN).with(NOTIFY);
    seccomp_seen: guest("seccomp_seen.c", 90, "mode 0, status 0, no_new_privs 0\n").nobody()
        .recording_changes("mode 2, status 2, no_new_privs 1\n", 90, OWN_FILTER)
        .with(FILTERS);
    seccomp_seen_by_root: guest("seccomp_seen.c", 90, "mode 0, status 0, no_new_privs 0\n").root()
        .recording_changes("mode 2, status 2, no_new_privs 0\n", 90, OWN_FILTER)
        .with(FILTERS);
    // Dispatched before tracers and filters look, kernel/entry/common.c: `syscall_trace_enter`.
    user_dispatch: guest("user_dispatch.c", 91, "dispatched 1\n");

    // Rights, tracers, namespaces.
    setuid: guest("setuid.c", 92, "real 65534, effective 0\n")
        .nobody().prepare(&["chmod", "u+s"])
        .strace_changes("real 65534, effective 65534\n", 92, UNPRIVILEGED_TRACER)
        .recording_changes("real 65534, effective 65534\n", 92, UNPRIVILEGED_TRACER)
        .gaps(&["no-privileges"])
        .gaps_with(KNOWN, &["no-privileges"])
        .only_strace("x86_64 fcntl", SECURE).with(NOTIFY);
    setuid_down: guest("setuid.c", 92, "real 0, effective 1\n")
        .prepare(&["sh", "-c", "chown 1 \"$0\" && chmod u+s \"$0\""]).root();
    file_capability: guest("file_capability.c", 93, "capability 1\n")
        .nobody().prepare(&["setcap", "cap_net_bind_service=ep"])
        .needs(Need::Program("setcap", "libcap2-bin"))
        .strace_changes("capability 0\n", 93, UNPRIVILEGED_TRACER)
        .recording_changes("capability 0\n", 93, UNPRIVILEGED_TRACER)
        .gaps(&["no-privileges"])
        .gaps_with(KNOWN, &["no-privileges"]);
    drop_rights: guest("drop_rights.c", 94, "user 65534, back -1 EPERM\n-1 EACCES\n").root();
    ptrace_child: guest("ptrace_child.c", 95, "traced\n")
        .strace_changes("EPERM\n", 95, ONE_TRACER)
        .recording_changes("EPERM\n", 95, ONE_TRACER).with(STOPS)
        .gaps_with(STOPS, &["nested-tracer"])
        .only_recorded("x86_64 getpid", "the child is traced only here, and raises a signal").with(NO_TRACER)
        .only_recorded("x86_64 gettid", "the child is traced only here, and raises a signal").with(NO_TRACER)
        .only_recorded("x86_64 tgkill", "the child is traced only here, and raises a signal").with(NO_TRACER);
    ptrace_seize: guest("ptrace_seize.c", 96, "stopped by 5\n")
        .strace_changes("EPERM\n", 96, ONE_TRACER)
        .recording_changes("EPERM\n", 96, ONE_TRACER).with(STOPS)
        .luck("x86_64 pause", FIRST)
        .gaps_with(STOPS, &["nested-tracer"]);
    process_vm: guest("process_vm.c", 97, "read 4, mine 1\n");
    pidfd: guest("pidfd.c", 98, "byte y, ready 1, status 143\n")
        .luck("x86_64 pause", FIRST);
    io_uring: guest("io_uring.c", 100, "data 99, result 0\n").needs(Need::IoUring)
        .sees("x86_64 io_uring_setup");
    personality: guest("personality.c", 101, "40000\n");
    chroot: guest("chroot.c", 102, "-1 ENOENT\n").root();
    unshare_pid: guest("unshare_pid.c", 103, "inside 1, child 3\noutside 4\n")
        .luck("x86_64 pause", FIRST).root();
    clone_newns: guest("clone_newns.c", 104, "inside\nstatus 5, outside -1\n").root();
    user_namespace: guest("user_namespace.c", 105, "from 65534 to 0\n").nobody();

    // What else a program sees or does.
    prctl_names: guest("prctl_names.c", 106, "12 bytes of name\n")
        .luck("x86_64 futex", FUTEX);
    closed_stdio: guest("closed_stdio.c", 107, "0 1 2\n");
    inherited: guest("inherited.c", 108, "3 descriptors, 0 signals set, 0 blocked\n\
        own session 0, own group 0, dumpable 1, subreaper 0, pdeathsig 0\n");
    environment: guest("environment.c", 120, "[one][two words][--][\u{1b}[0m]\n\
        LC_ALL=C.UTF-8\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nenvironment environment\n")
        .arguments(&["one", "two words", "--", "\u{1b}[0m"]);
    same_as_first: guest("same_as_first.c", 121, "priority 1, policy 1\n").root();
    affinity: guest("affinity.c", 109, "all 1\none 1\n");
    not_dumpable: guest("not_dumpable.c", 110, "dumpable 0\n");
    mqueue: guest("mqueue.c", 111, "high 9, signal 10\n");
    futex_requeue: guest("futex_requeue.c", 112, "waiting 0\n");
    cancel: guest("cancel.c", 113, "cleaned up\ncancelled 1\n")
        .luck("x86_64 futex", FUTEX);
    robust: guest("robust.c", 114, "owner died 1\n");
    signals_32: guest("signals_32.c", 116, "count 11, child 6\n")
        .flags(&["-m32"]).needs(Need::Ia32)
        .sees("x86 sigreturn")
        .sees("x86 rt_sigreturn")
        .sees("x86 restart_syscall");
    old_calls_32: guest("old_calls_32.c", 117,
        "waitpid 7, time 1\nsignal 0, oldstat 1\nolduname 0\n")
        .flags(&["-m32"]).needs(Need::Ia32)
        .sees("x86 waitpid")
        .sees("x86 time")
        .sees("x86 signal")
        .sees("x86 oldstat")
        .sees("x86 olduname");
    asyncio_server: guest("asyncio_server.py", 119,
        "WORD0 WORD1 WORD2 WORD3 WORD4 WORD5 WORD6 WORD7 WORD8 WORD9\n")
        .needs(Need::Program("python3", "python3"));
}

#[test]
fn every_guest_is_listed_and_says_what_it_exercises() {
    let listed: BTreeSet<String> = all()
        .iter()
        .map(|(_, guest)| guest.file.to_owned())
        .collect();
    let mut there = BTreeSet::new();
    for entry in fs::read_dir(source("guests")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_some_and(|kind| kind == "h") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let mut lines = text.lines().filter(|line| !line.starts_with("#!"));
        let header = lines.next().unwrap();
        assert!(
            header.starts_with("/* ") && header.ends_with(" */") || header.starts_with("# "),
            "{name}: {header}"
        );
        there.insert(name);
    }
    assert_eq!(listed, there);
    assert!(there.len() >= 60, "{}", there.len());
}
