//! Families of calls, to fold long lists of names.
//!
//! A grouping for readers, not for decisions: every name is in the one family where one would
//! look for it. The families follow the sets of systemd (`systemd-analyze syscall-filter`), cut
//! so that they do not overlap, and the kernel's own division (fs/, mm/, kernel/sched/, ipc/,
//! net/, security/).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

/// A family of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Birth, program and end of processes and threads.
    Process,
    /// Address space: mapping, protection, advice, locking, placement.
    Memory,
    /// Opening, reading and writing files and other descriptors.
    Files,
    /// Names, directories, attributes and limits of use in file systems.
    Metadata,
    /// Waiting for descriptors and watching files.
    Events,
    /// Sockets.
    Network,
    /// Sending, handling and waiting for signals.
    Signals,
    /// Clocks, timers and sleep.
    Time,
    /// Priority, affinity and processor.
    Scheduling,
    /// User, group and capabilities of the process.
    Ids,
    /// Futexes, message queues, semaphores, shared memory, access to another process.
    Ipc,
    /// Resource limits.
    Limits,
    /// Asynchronous input and output, `io_uring` among it.
    Aio,
    /// Mounts and namespaces.
    Mounts,
    /// Filters, security modules and keys.
    Security,
    /// Debuggers, probes, counters and BPF.
    Tracing,
    /// The machine as a whole: modules, swap, reboot, names, hardware.
    System,
    /// Calls that the kernel never had or has no more, and names that no table has.
    Other,
}

impl Group {
    /// Every group, in the order in which they are shown.
    pub const ALL: [Self; 18] = [
        Self::Process,
        Self::Memory,
        Self::Files,
        Self::Metadata,
        Self::Events,
        Self::Network,
        Self::Signals,
        Self::Time,
        Self::Scheduling,
        Self::Ids,
        Self::Ipc,
        Self::Limits,
        Self::Aio,
        Self::Mounts,
        Self::Security,
        Self::Tracing,
        Self::System,
        Self::Other,
    ];

    /// The name in output, one word in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Memory => "memory",
            Self::Files => "files",
            Self::Metadata => "metadata",
            Self::Events => "events",
            Self::Network => "network",
            Self::Signals => "signals",
            Self::Time => "time",
            Self::Scheduling => "scheduling",
            Self::Ids => "ids",
            Self::Ipc => "ipc",
            Self::Limits => "limits",
            Self::Aio => "aio",
            Self::Mounts => "mounts",
            Self::Security => "security",
            Self::Tracing => "tracing",
            Self::System => "system",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The group of a call; [`Group::Other`] for a name that is in none.
pub fn group(name: &str) -> Group {
    static BY_NAME: LazyLock<BTreeMap<&'static str, Group>> = LazyLock::new(|| {
        MEMBERS
            .iter()
            .flat_map(|&(group, names)| names.iter().map(move |&name| (name, group)))
            .collect()
    });
    BY_NAME.get(name).copied().unwrap_or(Group::Other)
}

/// Each group's calls, sorted. What is here nowhere is [`Group::Other`].
const MEMBERS: &[(Group, &[&str])] = &[
    (
        Group::Process,
        &[
            "arch_prctl",
            "clone",
            "clone3",
            "execve",
            "execveat",
            "exit",
            "exit_group",
            "fork",
            "get_thread_area",
            "get_tls",
            "getpgid",
            "getpgrp",
            "getpid",
            "getppid",
            "getrusage",
            "getsid",
            "gettid",
            "idle",
            "kcmp",
            "personality",
            "pidfd_getfd",
            "pidfd_open",
            "prctl",
            "restart_syscall",
            "rseq",
            "rseq_slice_yield",
            "set_thread_area",
            "set_tid_address",
            "set_tls",
            "setpgid",
            "setsid",
            "times",
            "usr26",
            "usr32",
            "vfork",
            "wait4",
            "waitid",
            "waitpid",
        ],
    ),
    (
        Group::Memory,
        &[
            "break",
            "brk",
            "cachectl",
            "cacheflush",
            "get_mempolicy",
            "getpagesize",
            "madvise",
            "map_shadow_stack",
            "mbind",
            "membarrier",
            "memfd_create",
            "memfd_secret",
            "migrate_pages",
            "mincore",
            "mlock",
            "mlock2",
            "mlockall",
            "mmap",
            "mmap2",
            "move_pages",
            "mprotect",
            "mremap",
            "mseal",
            "msync",
            "munlock",
            "munlockall",
            "munmap",
            "pkey_alloc",
            "pkey_free",
            "pkey_mprotect",
            "process_madvise",
            "process_mrelease",
            "remap_file_pages",
            "riscv_flush_icache",
            "set_mempolicy",
            "set_mempolicy_home_node",
            "subpage_prot",
            "userfaultfd",
        ],
    ),
    (
        Group::Files,
        &[
            "_llseek",
            "arm_fadvise64_64",
            "arm_sync_file_range",
            "cachestat",
            "close",
            "close_range",
            "copy_file_range",
            "creat",
            "dup",
            "dup2",
            "dup3",
            "fadvise64",
            "fadvise64_64",
            "fallocate",
            "fcntl",
            "fcntl64",
            "fdatasync",
            "flock",
            "fsync",
            "ftruncate",
            "ftruncate64",
            "ioctl",
            "lseek",
            "name_to_handle_at",
            "open",
            "open_by_handle_at",
            "openat",
            "openat2",
            "pipe",
            "pipe2",
            "pread64",
            "preadv",
            "preadv2",
            "pwrite64",
            "pwritev",
            "pwritev2",
            "read",
            "readahead",
            "readv",
            "sendfile",
            "sendfile64",
            "splice",
            "sync",
            "sync_file_range",
            "sync_file_range2",
            "syncfs",
            "tee",
            "truncate",
            "truncate64",
            "vmsplice",
            "write",
            "writev",
        ],
    ),
    (
        Group::Metadata,
        &[
            "access",
            "chdir",
            "chmod",
            "chown",
            "chown32",
            "faccessat",
            "faccessat2",
            "fchdir",
            "fchmod",
            "fchmodat",
            "fchmodat2",
            "fchown",
            "fchown32",
            "fchownat",
            "fgetxattr",
            "file_getattr",
            "file_setattr",
            "flistxattr",
            "fremovexattr",
            "fsetxattr",
            "fstat",
            "fstat64",
            "fstatat64",
            "fstatfs",
            "fstatfs64",
            "futimesat",
            "getcwd",
            "getdents",
            "getdents64",
            "getxattr",
            "getxattrat",
            "lchown",
            "lchown32",
            "lgetxattr",
            "link",
            "linkat",
            "listxattr",
            "listxattrat",
            "llistxattr",
            "lookup_dcookie",
            "lremovexattr",
            "lsetxattr",
            "lstat",
            "lstat64",
            "mkdir",
            "mkdirat",
            "mknod",
            "mknodat",
            "newfstatat",
            "oldfstat",
            "oldlstat",
            "oldstat",
            "quotactl",
            "quotactl_fd",
            "readdir",
            "readlink",
            "readlinkat",
            "removexattr",
            "removexattrat",
            "rename",
            "renameat",
            "renameat2",
            "rmdir",
            "setxattr",
            "setxattrat",
            "stat",
            "stat64",
            "statfs",
            "statfs64",
            "statx",
            "symlink",
            "symlinkat",
            "umask",
            "unlink",
            "unlinkat",
            "ustat",
            "utime",
            "utimensat",
            "utimensat_time64",
            "utimes",
        ],
    ),
    (
        Group::Events,
        &[
            "_newselect",
            "epoll_create",
            "epoll_create1",
            "epoll_ctl",
            "epoll_ctl_old",
            "epoll_pwait",
            "epoll_pwait2",
            "epoll_wait",
            "epoll_wait_old",
            "eventfd",
            "eventfd2",
            "fanotify_init",
            "fanotify_mark",
            "inotify_add_watch",
            "inotify_init",
            "inotify_init1",
            "inotify_rm_watch",
            "poll",
            "ppoll",
            "ppoll_time64",
            "pselect6",
            "pselect6_time64",
            "select",
        ],
    ),
    (
        Group::Network,
        &[
            "accept",
            "accept4",
            "bind",
            "connect",
            "getpeername",
            "getsockname",
            "getsockopt",
            "listen",
            "recv",
            "recvfrom",
            "recvmmsg",
            "recvmmsg_time64",
            "recvmsg",
            "send",
            "sendmmsg",
            "sendmsg",
            "sendto",
            "setsockopt",
            "shutdown",
            "socket",
            "socketcall",
            "socketpair",
        ],
    ),
    (
        Group::Signals,
        &[
            "kill",
            "pause",
            "pidfd_send_signal",
            "rt_sigaction",
            "rt_sigpending",
            "rt_sigprocmask",
            "rt_sigqueueinfo",
            "rt_sigreturn",
            "rt_sigsuspend",
            "rt_sigtimedwait",
            "rt_sigtimedwait_time64",
            "rt_tgsigqueueinfo",
            "sgetmask",
            "sigaction",
            "sigaltstack",
            "signal",
            "signalfd",
            "signalfd4",
            "sigpending",
            "sigprocmask",
            "sigreturn",
            "sigsuspend",
            "ssetmask",
            "tgkill",
            "tkill",
        ],
    ),
    (
        Group::Time,
        &[
            "adjtimex",
            "alarm",
            "clock_adjtime",
            "clock_adjtime64",
            "clock_getres",
            "clock_getres_time64",
            "clock_gettime",
            "clock_gettime64",
            "clock_nanosleep",
            "clock_nanosleep_time64",
            "clock_settime",
            "clock_settime64",
            "ftime",
            "getitimer",
            "gettimeofday",
            "nanosleep",
            "setitimer",
            "settimeofday",
            "stime",
            "time",
            "timer_create",
            "timer_delete",
            "timer_getoverrun",
            "timer_gettime",
            "timer_gettime64",
            "timer_settime",
            "timer_settime64",
            "timerfd",
            "timerfd_create",
            "timerfd_gettime",
            "timerfd_gettime64",
            "timerfd_settime",
            "timerfd_settime64",
        ],
    ),
    (
        Group::Scheduling,
        &[
            "getcpu",
            "getpriority",
            "ioprio_get",
            "ioprio_set",
            "nice",
            "sched_get_priority_max",
            "sched_get_priority_min",
            "sched_getaffinity",
            "sched_getattr",
            "sched_getparam",
            "sched_getscheduler",
            "sched_rr_get_interval",
            "sched_rr_get_interval_time64",
            "sched_setaffinity",
            "sched_setattr",
            "sched_setparam",
            "sched_setscheduler",
            "sched_yield",
            "setpriority",
            "spu_create",
            "spu_run",
        ],
    ),
    (
        Group::Ids,
        &[
            "capget",
            "capset",
            "getegid",
            "getegid32",
            "geteuid",
            "geteuid32",
            "getgid",
            "getgid32",
            "getgroups",
            "getgroups32",
            "getresgid",
            "getresgid32",
            "getresuid",
            "getresuid32",
            "getuid",
            "getuid32",
            "setfsgid",
            "setfsgid32",
            "setfsuid",
            "setfsuid32",
            "setgid",
            "setgid32",
            "setgroups",
            "setgroups32",
            "setregid",
            "setregid32",
            "setresgid",
            "setresgid32",
            "setresuid",
            "setresuid32",
            "setreuid",
            "setreuid32",
            "setuid",
            "setuid32",
        ],
    ),
    (
        Group::Ipc,
        &[
            "atomic_barrier",
            "atomic_cmpxchg_32",
            "futex",
            "futex_requeue",
            "futex_time64",
            "futex_wait",
            "futex_waitv",
            "futex_wake",
            "get_robust_list",
            "ipc",
            "mq_getsetattr",
            "mq_notify",
            "mq_open",
            "mq_timedreceive",
            "mq_timedreceive_time64",
            "mq_timedsend",
            "mq_timedsend_time64",
            "mq_unlink",
            "msgctl",
            "msgget",
            "msgrcv",
            "msgsnd",
            "process_vm_readv",
            "process_vm_writev",
            "semctl",
            "semget",
            "semop",
            "semtimedop",
            "semtimedop_time64",
            "set_robust_list",
            "shmat",
            "shmctl",
            "shmdt",
            "shmget",
        ],
    ),
    (
        Group::Limits,
        &[
            "getrlimit",
            "prlimit64",
            "setrlimit",
            "ugetrlimit",
            "ulimit",
        ],
    ),
    (
        Group::Aio,
        &[
            "io_cancel",
            "io_destroy",
            "io_getevents",
            "io_pgetevents",
            "io_pgetevents_time64",
            "io_setup",
            "io_submit",
            "io_uring_enter",
            "io_uring_register",
            "io_uring_setup",
        ],
    ),
    (
        Group::Mounts,
        &[
            "chroot",
            "fsconfig",
            "fsmount",
            "fsopen",
            "fspick",
            "listmount",
            "listns",
            "mount",
            "mount_setattr",
            "move_mount",
            "open_tree",
            "open_tree_attr",
            "pivot_root",
            "setns",
            "statmount",
            "umount",
            "umount2",
            "unshare",
        ],
    ),
    (
        Group::Security,
        &[
            "add_key",
            "keyctl",
            "landlock_add_rule",
            "landlock_create_ruleset",
            "landlock_restrict_self",
            "lsm_get_self_attr",
            "lsm_list_modules",
            "lsm_set_self_attr",
            "request_key",
            "seccomp",
            "security",
        ],
    ),
    (
        Group::Tracing,
        &[
            "bpf",
            "breakpoint",
            "perf_event_open",
            "ptrace",
            "s390_guarded_storage",
            "s390_runtime_instr",
            "sys_debug_setcontext",
            "uprobe",
            "uretprobe",
        ],
    ),
    (
        Group::System,
        &[
            "_sysctl",
            "acct",
            "bdflush",
            "create_module",
            "delete_module",
            "finit_module",
            "get_kernel_syms",
            "getrandom",
            "init_module",
            "ioperm",
            "iopl",
            "kexec_file_load",
            "kexec_load",
            "modify_ldt",
            "multiplexer",
            "nfsservctl",
            "oldolduname",
            "olduname",
            "pciconfig_iobase",
            "pciconfig_read",
            "pciconfig_write",
            "query_module",
            "reboot",
            "riscv_hwprobe",
            "rtas",
            "s390_pci_mmio_read",
            "s390_pci_mmio_write",
            "s390_sthyi",
            "setdomainname",
            "sethostname",
            "swapcontext",
            "swapoff",
            "swapon",
            "switch_endian",
            "syscall",
            "sysfs",
            "sysinfo",
            "syslog",
            "sysmips",
            "uname",
            "uselib",
            "vhangup",
            "vm86",
            "vm86old",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::arch::Arch;
    use crate::syscalls::table;

    fn all_names() -> BTreeSet<&'static str> {
        Arch::ALL
            .iter()
            .flat_map(|&arch| table(arch).iter().map(|(name, _)| name))
            .collect()
    }

    #[test]
    fn members_are_calls_each_in_one_group() {
        let known = all_names();
        let mut met = BTreeSet::new();
        for (group, names) in MEMBERS {
            assert!(names.is_sorted(), "{group}");
            for name in *names {
                assert!(known.contains(name), "{group}: no table has {name}");
                assert!(met.insert(*name), "{name} is in two groups");
            }
        }
    }

    /// What is left over on any architecture: places in the tables that never became calls, or
    /// are no more.
    #[test]
    fn other_is_what_is_no_call() {
        let other: Vec<&str> = all_names()
            .into_iter()
            .filter(|name| group(name) == Group::Other)
            .collect();
        assert_eq!(other, OTHER);
        let of_x86_64 = |name: &&&str| table(Arch::X86_64).number(name).is_some();
        assert!(OTHER.iter().filter(of_x86_64).count() <= 6);
    }

    const OTHER: &[&str] = &[
        "afs_syscall",
        "getpmsg",
        "gtty",
        "lock",
        "mpx",
        "prof",
        "profil",
        "putpmsg",
        "stty",
        "tuxcall",
        "vserver",
    ];

    #[test]
    fn examples() {
        for (name, expected) in [
            ("openat", Group::Files),
            ("newfstatat", Group::Metadata),
            ("futex_time64", Group::Ipc),
            ("io_uring_setup", Group::Aio),
            ("socketcall", Group::Network),
            ("no_such_call", Group::Other),
            ("", Group::Other),
        ] {
            assert_eq!(group(name), expected, "{name}");
        }
    }

    #[test]
    fn every_group_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = Group::ALL.iter().map(|group| group.name()).collect();
        assert_eq!(names.len(), Group::ALL.len());
        assert!(Group::ALL.is_sorted());
    }
}
