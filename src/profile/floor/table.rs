//! The floor as data: what each runtime does after it has loaded the filter.
//!
//! Measured on Linux 6.18 `x86_64` with runc 1.1.5, 1.2.5, 1.3.0, 1.3.6, 1.4.3, 1.5.1, crun 1.8.1,
//! 1.28, youki 0.7 and docker-init 0.19. Observed: what each does under a filter that allows all,
//! over 20 to 600 starts. Required: what a start needs when single calls are refused with EPERM, 20
//! starts each. Flaky: what the Go runtime does now and then, and dies of when it can't (80 starts:
//! up to 76 % of them without futex, 16 % without `rt_sigreturn`, 1 % without mmap).
//!
//! `callsieve floor measure` repeats the observation on the machine it runs on.

use super::version::Bound;
use super::{Phase, Runtime};

/// What one runtime does in one phase.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Row {
    /// The runtime.
    pub runtime: Runtime,
    /// Versions for which it holds, from the first on and before the second.
    pub(super) versions: &'static [(Bound, Option<Bound>)],
    /// The versions with which it was measured.
    pub measured: &'static str,
    /// Whether the process has no-new-privileges.
    pub no_new_privileges: bool,
    /// What the runtime does.
    pub phase: Phase,
    /// Without one of these nothing starts.
    pub required: &'static [&'static str],
    /// It makes these too, and goes on when they fail with EPERM.
    pub observed: &'static [&'static str],
    /// Timing decides whether it makes these, so they are in whatever a trace shows.
    pub flaky: &'static [&'static str],
    /// It tries these and does without, so no profile allows them for its sake.
    pub tried: &'static [&'static str],
}

/// How runc came to be what it is: 1.2.8 and 1.3.3 open the exec fifo by way of openat2 and statx
/// (its commits d842d7719 and ff94f9991), and a profile for an older one breaks with them.
const RUNC_1_1: &[(Bound, Option<Bound>)] = &[((1, 1, 0), Some((1, 2, 0)))];
const RUNC_1_2: &[(Bound, Option<Bound>)] =
    &[((1, 2, 0), Some((1, 2, 8))), ((1, 3, 0), Some((1, 3, 3)))];
const RUNC_REOPENS: &[(Bound, Option<Bound>)] = &[((1, 2, 8), Some((1, 3, 0))), ((1, 3, 3), None)];
/// Where between 1.8.1 and 1.28 crun began with `close_range` was not measured; those between count
/// as new, which has all that the old have.
const CRUN_OLD: &[(Bound, Option<Bound>)] = &[((1, 8, 0), Some((1, 8, 2)))];
const CRUN_NEW: &[(Bound, Option<Bound>)] = &[((1, 8, 2), None)];
const YOUKI: &[(Bound, Option<Bound>)] = &[((0, 7, 0), None)];
const TINI: &[(Bound, Option<Bound>)] = &[((0, 19, 0), None)];

/// What the Go runtime does on its own. nanosleep was seen, and with which version was not kept.
const GO: &[&str] = &["futex", "nanosleep", "rt_sigreturn"];
const GO_1_2: &[&str] = &["futex", "mmap", "nanosleep", "rt_sigreturn"];
const GO_NEW: &[&str] = &["futex", "mmap", "nanosleep", "rt_sigreturn", "sched_yield"];

const RUNC_LATE: &[&str] = &[
    "close",
    "execve",
    "fstatfs",
    "getdents64",
    "openat",
    "write",
];
const RUNC_LATE_REOPENS: &[&str] = &[
    "close",
    "execve",
    "fstat",
    "fstatfs",
    "getdents64",
    "openat",
    // Or else fcntl and readlinkat.
    "openat2",
    "statx",
    "write",
];
const RUNC_EARLY: &[&str] = &[
    "capget",
    "capset",
    "chdir",
    "close",
    "execve",
    "fstat",
    "fstatfs",
    "getcwd",
    "getdents64",
    "getppid",
    "newfstatat",
    "openat",
    "prctl",
    "read",
    "setgid",
    "setgroups",
    "setuid",
    "write",
];
const RUNC_EARLY_REOPENS: &[&str] = &[
    "capget",
    "capset",
    "chdir",
    "close",
    "execve",
    "fstat",
    "fstatfs",
    "getcwd",
    "getdents64",
    "getppid",
    "newfstatat",
    "openat",
    "openat2",
    "prctl",
    "read",
    "setgid",
    "setgroups",
    "setuid",
    "statx",
    "write",
];
/// faccessat2 or else getuid. fchown comes where the user is not root.
const RUNC_EARLY_TOO: &[&str] = &["epoll_ctl", "faccessat2", "fchown", "fcntl", "getpid"];
const RUNC_EARLY_TOO_NEW: &[&str] = &[
    "close_range",
    "epoll_ctl",
    "faccessat2",
    "fchown",
    "fcntl",
    "getpid",
    "tgkill",
];

const CRUN_EARLY: &[&str] = &[
    "capset",
    "execve",
    "prctl",
    "rt_sigaction",
    "rt_sigprocmask",
    "setresgid",
    "setresuid",
    "write",
];
const CRUN_CREATES: &[&str] = &[
    "capset",
    "execve",
    "prctl",
    "pselect6",
    "read",
    "rt_sigaction",
    "rt_sigprocmask",
    "setresgid",
    "setresuid",
    "write",
];
const CRUN_EXEC: &[&str] = &[
    "capset",
    "execve",
    "openat",
    "prctl",
    "read",
    "setgroups",
    "setresgid",
    "setresuid",
    "statx",
    "write",
];
const CRUN_EXEC_NEW: &[&str] = &[
    "capset",
    "execve",
    "fstat",
    "openat",
    "prctl",
    "read",
    "setgroups",
    "setresgid",
    "setresuid",
    "statx",
    "write",
];

const TINI_NEEDS: &[&str] = &[
    "arch_prctl",
    "brk",
    "clone",
    "execve",
    "exit_group",
    "ioctl",
    "mprotect",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigtimedwait",
    "setpgid",
    "wait4",
];
const TINI_TOO: &[&str] = &[
    "getpgrp",
    "getpid",
    "getrandom",
    "prlimit64",
    "readlink",
    "rseq",
    "set_robust_list",
    "set_tid_address",
];

const fn row(
    runtime: Runtime,
    versions: &'static [(Bound, Option<Bound>)],
    measured: &'static str,
    no_new_privileges: bool,
    phase: Phase,
) -> Row {
    Row {
        runtime,
        versions,
        measured,
        no_new_privileges,
        phase,
        required: &[],
        observed: &[],
        flaky: &[],
        tried: &[],
    }
}

use Phase::{Exec, Init, Start};
use Runtime::{Crun, DockerInit, Runc, Youki};

/// The floor, by runtime, version, phase and no-new-privileges.
pub(super) const ROWS: &[Row] = &[
    Row {
        required: RUNC_EARLY,
        observed: RUNC_EARLY_TOO,
        flaky: GO,
        ..row(Runc, RUNC_1_1, "1.1.5", false, Start)
    },
    Row {
        required: RUNC_LATE,
        observed: &["epoll_ctl", "getpid"],
        flaky: GO,
        ..row(Runc, RUNC_1_1, "1.1.5", true, Start)
    },
    Row {
        observed: &[
            "capget",
            "capset",
            "chdir",
            "close",
            "epoll_ctl",
            "execve",
            "faccessat2",
            "fchown",
            "fcntl",
            "fstat",
            "fstatfs",
            "getcwd",
            "getdents64",
            "newfstatat",
            "openat",
            "prctl",
            "read",
            "setgid",
            "setgroups",
            "setuid",
        ],
        flaky: GO,
        ..row(Runc, RUNC_1_1, "1.1.5", false, Exec)
    },
    Row {
        observed: &[
            "close",
            "epoll_ctl",
            "execve",
            "fstatfs",
            "getdents64",
            "openat",
        ],
        flaky: GO,
        ..row(Runc, RUNC_1_1, "1.1.5", true, Exec)
    },
    Row {
        required: RUNC_EARLY,
        observed: RUNC_EARLY_TOO_NEW,
        flaky: GO_1_2,
        ..row(Runc, RUNC_1_2, "1.2.5, 1.3.0", false, Start)
    },
    Row {
        required: RUNC_LATE,
        observed: &["epoll_ctl", "fcntl", "getpid"],
        flaky: GO,
        ..row(Runc, RUNC_1_2, "1.2.5, 1.3.0", true, Start)
    },
    Row {
        required: RUNC_EARLY_REOPENS,
        observed: RUNC_EARLY_TOO_NEW,
        flaky: GO_NEW,
        ..row(Runc, RUNC_REOPENS, "1.3.6, 1.4.3, 1.5.1", false, Start)
    },
    Row {
        required: RUNC_LATE_REOPENS,
        observed: &["fcntl"],
        flaky: GO_NEW,
        ..row(Runc, RUNC_REOPENS, "1.3.6, 1.4.3, 1.5.1", true, Start)
    },
    Row {
        required: RUNC_EARLY_REOPENS,
        observed: RUNC_EARLY_TOO_NEW,
        flaky: GO_NEW,
        tried: &[
            "faccessat",
            "fsconfig",
            "fsmount",
            "fsopen",
            "open_tree",
            "uname",
        ],
        ..row(Runc, RUNC_REOPENS, "1.3.6, 1.5.1", false, Exec)
    },
    Row {
        observed: &[
            "close",
            "execve",
            "fcntl",
            "fstat",
            "fstatfs",
            "getdents64",
            "openat",
            "openat2",
            "statx",
        ],
        flaky: GO_NEW,
        ..row(Runc, RUNC_REOPENS, "1.3.6, 1.5.1", true, Exec)
    },
    // pselect6 and read come with `create` and `start`, which is what engines call: no container of
    // Podman started without pselect6 in 12 tries (and a further one hung), or without read in 36. `crun run` needs neither.
    Row {
        required: CRUN_CREATES,
        observed: &["close"],
        ..row(Crun, CRUN_OLD, "1.8.1", false, Start)
    },
    Row {
        required: &["execve"],
        observed: &["close"],
        ..row(Crun, CRUN_OLD, "1.8.1", true, Start)
    },
    Row {
        required: CRUN_EXEC,
        observed: &["close", "fchown", "ioctl"],
        ..row(Crun, CRUN_OLD, "1.8.1", false, Exec)
    },
    // crun takes the word of the process that is to be run, not that of the container. With
    // `exec --no-new-privs`, which is what Podman hands on, execve and write are all that it needs.
    Row {
        required: CRUN_EXEC,
        observed: &["close", "fchown", "ioctl"],
        ..row(Crun, CRUN_OLD, "1.8.1", true, Exec)
    },
    Row {
        required: CRUN_EARLY,
        observed: &["close", "close_range", "pselect6", "read"],
        ..row(Crun, CRUN_NEW, "1.28", false, Start)
    },
    Row {
        required: &["execve"],
        observed: &["close", "close_range"],
        ..row(Crun, CRUN_NEW, "1.28", true, Start)
    },
    Row {
        required: CRUN_EXEC_NEW,
        observed: &["close", "close_range", "fchown", "ioctl", "umask"],
        ..row(Crun, CRUN_NEW, "1.28", false, Exec)
    },
    Row {
        required: CRUN_EXEC_NEW,
        observed: &["close", "close_range", "fchown", "ioctl", "umask"],
        ..row(Crun, CRUN_NEW, "1.28", true, Exec)
    },
    // Without prctl its drop of the bounding set fails in silence.
    Row {
        required: &[
            "accept4", "capget", "capset", "close", "execve", "getcwd", "recvfrom", "sendmsg",
            "statx",
        ],
        observed: &["connect", "newfstatat", "openat", "prctl", "socket"],
        ..row(Youki, YOUKI, "0.7", false, Start)
    },
    Row {
        required: &["accept4", "close", "execve", "recvfrom", "sendmsg", "statx"],
        observed: &["connect", "newfstatat", "openat", "socket"],
        ..row(Youki, YOUKI, "0.7", true, Start)
    },
    // kill hands a signal on.
    Row {
        required: TINI_NEEDS,
        observed: TINI_TOO,
        flaky: &["kill"],
        ..row(DockerInit, TINI, "0.19", false, Init)
    },
    Row {
        required: TINI_NEEDS,
        observed: TINI_TOO,
        flaky: &["kill"],
        ..row(DockerInit, TINI, "0.19", true, Init)
    },
];
