//! Calls that belong in a profile although no trace shows them, and calls that must be refused
//! in a way that their callers understand.

/// A call that every program needs, whatever its trace shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Implied {
    /// The name.
    pub name: &'static str,
    /// Why a trace may not show it.
    pub why: &'static str,
}

const ENDS: &str = "every program ends with it; without it a thread spins for ever";
const SIGNALS: &str = "the kernel makes a program call it after a signal handler";
const RESTART: &str = "the kernel makes a program call it after it was stopped and continued";
const VDSO: &str = "a real call only where the vDSO can't answer, as on other clock sources";
const ABORT: &str = "how libc aborts, which a run without failures does not show";
const PROBE: &str = "the kernel puts it into a program that an observability agent probes";
const RACES: &str = "whether a run shows it is a matter of timing";

/// The calls, sorted by name. Those that an architecture does not have are left out for it.
///
/// Sources: moby/moby#40205 and kubernetes/kubernetes#85191 (exit), moby/moby#21117
/// (`restart_syscall`), seccomp/libseccomp#70 and cloud-hypervisor#2094 (vDSO), systemd#34615
/// (uretprobe); the timing group is what differs between recordings of one workload.
pub const IMPLIED: &[Implied] = &[
    Implied {
        name: "clock_getres",
        why: VDSO,
    },
    Implied {
        name: "clock_getres_time64",
        why: VDSO,
    },
    Implied {
        name: "clock_gettime",
        why: VDSO,
    },
    Implied {
        name: "clock_gettime64",
        why: VDSO,
    },
    Implied {
        name: "exit",
        why: ENDS,
    },
    Implied {
        name: "exit_group",
        why: ENDS,
    },
    Implied {
        name: "futex",
        why: RACES,
    },
    Implied {
        name: "futex_time64",
        why: RACES,
    },
    Implied {
        name: "getcpu",
        why: VDSO,
    },
    Implied {
        name: "getpid",
        why: ABORT,
    },
    Implied {
        name: "getrandom",
        why: VDSO,
    },
    Implied {
        name: "gettid",
        why: ABORT,
    },
    Implied {
        name: "gettimeofday",
        why: VDSO,
    },
    Implied {
        name: "restart_syscall",
        why: RESTART,
    },
    Implied {
        name: "riscv_hwprobe",
        why: VDSO,
    },
    Implied {
        name: "rt_sigaction",
        why: ABORT,
    },
    Implied {
        name: "rt_sigprocmask",
        why: ABORT,
    },
    Implied {
        name: "rt_sigreturn",
        why: SIGNALS,
    },
    Implied {
        name: "sched_yield",
        why: RACES,
    },
    Implied {
        name: "sigreturn",
        why: SIGNALS,
    },
    Implied {
        name: "tgkill",
        why: ABORT,
    },
    Implied {
        name: "time",
        why: VDSO,
    },
    Implied {
        name: "uretprobe",
        why: PROBE,
    },
];

/// A call that libc or a language runtime tries, and replaces by others if the answer is ENOSYS.
/// Any other error it reports to the program: `clone3` answered EPERM breaks every thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probed {
    /// The name.
    pub name: &'static str,
    /// What is called instead. Those that an architecture does not have are left out for it.
    pub instead: &'static [&'static str],
}

/// The calls, sorted by name. All are newer than Linux 4.4, so that a caller who tries one has a
/// way for kernels that lack it.
///
/// Sources: moby/moby#42680 (clone3), opencontainers/runc#2750 (faccessat2), moby/moby#42871,
/// containers/common#573; glibc 2.36, musl 1.2.3, Go 1.19 and systemd 252 for what they call
/// instead.
pub const PROBED: &[Probed] = &[
    Probed {
        name: "cachestat",
        instead: &[],
    },
    Probed {
        name: "clock_getres_time64",
        instead: &["clock_getres"],
    },
    Probed {
        name: "clock_gettime64",
        instead: &["clock_gettime"],
    },
    Probed {
        name: "clock_nanosleep_time64",
        instead: &["clock_nanosleep"],
    },
    Probed {
        name: "clone3",
        instead: &["clone"],
    },
    Probed {
        name: "close_range",
        instead: &["close", "getdents64", "openat"],
    },
    Probed {
        name: "copy_file_range",
        instead: &["sendfile", "sendfile64", "read", "write"],
    },
    Probed {
        name: "epoll_pwait2",
        instead: &["epoll_pwait"],
    },
    Probed {
        name: "faccessat2",
        instead: &["faccessat", "newfstatat", "fstatat64"],
    },
    Probed {
        name: "fchmodat2",
        instead: &["fchmodat", "openat", "chmod"],
    },
    Probed {
        name: "futex_time64",
        instead: &["futex"],
    },
    Probed {
        name: "futex_waitv",
        instead: &["futex"],
    },
    Probed {
        name: "getxattrat",
        instead: &["getxattr", "lgetxattr", "fgetxattr"],
    },
    Probed {
        name: "io_pgetevents_time64",
        instead: &["io_pgetevents"],
    },
    Probed {
        name: "io_uring_setup",
        instead: &[],
    },
    Probed {
        name: "listxattrat",
        instead: &["listxattr", "llistxattr", "flistxattr"],
    },
    Probed {
        name: "membarrier",
        instead: &[],
    },
    Probed {
        name: "memfd_secret",
        instead: &[],
    },
    Probed {
        name: "mq_timedreceive_time64",
        instead: &["mq_timedreceive"],
    },
    Probed {
        name: "mq_timedsend_time64",
        instead: &["mq_timedsend"],
    },
    Probed {
        name: "mseal",
        instead: &[],
    },
    Probed {
        name: "openat2",
        instead: &["openat"],
    },
    Probed {
        name: "pidfd_getfd",
        instead: &[],
    },
    Probed {
        name: "pidfd_open",
        instead: &[],
    },
    Probed {
        name: "pidfd_send_signal",
        instead: &["kill"],
    },
    Probed {
        name: "ppoll_time64",
        instead: &["ppoll"],
    },
    Probed {
        name: "preadv2",
        instead: &["preadv"],
    },
    Probed {
        name: "process_madvise",
        instead: &[],
    },
    Probed {
        name: "pselect6_time64",
        instead: &["pselect6"],
    },
    Probed {
        name: "pwritev2",
        instead: &["pwritev"],
    },
    Probed {
        name: "recvmmsg_time64",
        instead: &["recvmmsg"],
    },
    Probed {
        name: "removexattrat",
        instead: &["removexattr", "lremovexattr", "fremovexattr"],
    },
    Probed {
        name: "rseq",
        instead: &[],
    },
    Probed {
        name: "rt_sigtimedwait_time64",
        instead: &["rt_sigtimedwait"],
    },
    Probed {
        name: "semtimedop_time64",
        instead: &["semtimedop"],
    },
    Probed {
        name: "setxattrat",
        instead: &["setxattr", "lsetxattr", "fsetxattr"],
    },
    Probed {
        name: "statx",
        instead: &[
            "newfstatat",
            "fstatat64",
            "fstat",
            "fstat64",
            "stat",
            "stat64",
            "lstat",
            "lstat64",
        ],
    },
    Probed {
        name: "timer_gettime64",
        instead: &["timer_gettime"],
    },
    Probed {
        name: "timer_settime64",
        instead: &["timer_settime"],
    },
    Probed {
        name: "timerfd_gettime64",
        instead: &["timerfd_gettime"],
    },
    Probed {
        name: "timerfd_settime64",
        instead: &["timerfd_settime"],
    },
    Probed {
        name: "utimensat_time64",
        instead: &["utimensat"],
    },
];

/// What is called instead of `name`, if its callers fall back on ENOSYS.
pub fn probed(name: &str) -> Option<&'static Probed> {
    PROBED.iter().find(|probed| probed.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::Arch;
    use crate::syscalls::table;

    #[test]
    fn lists_are_sorted_and_every_name_exists() {
        assert!(IMPLIED.is_sorted_by_key(|implied| implied.name));
        assert!(PROBED.is_sorted_by_key(|probed| probed.name));
        let exists = |name: &str| {
            Arch::ALL
                .into_iter()
                .any(|a| table(a).number(name).is_some())
        };
        for name in IMPLIED
            .iter()
            .map(|i| i.name)
            .chain(PROBED.iter().map(|p| p.name))
        {
            assert!(exists(name), "{name}");
        }
        for name in PROBED.iter().flat_map(|probed| probed.instead) {
            assert!(exists(name), "{name}");
        }
    }
}
