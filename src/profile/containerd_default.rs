//! The default profile of containerd 2.4.
//!
//! containerd has no file: `DefaultProfile` in `contrib/seccomp/seccomp_default.go` makes a
//! profile for the architecture and the kernel of the daemon and the bounding set of the
//! container. Names and the rules of amd64 and arm64 are what 2.4.1 makes; `riscv_hwprobe` is from
//! containerd/containerd#11839 (2.1), the blocked `AF_ALG` from #13327 (2.4, backported). What a
//! capability opens was read in a backport of the latter.

use super::action::{ENOSYS, EPERM};
use super::stated::{DOMAINS, NO_NAMESPACE, allow, refuse};
use super::{
    Action, ArgIndex, Capability, ConditionalProfile, ConditionalRule, KernelVersion, Test,
};
use crate::arch::Arch;

/// The release that it is of.
pub const VERSION: &str = "2.4";

/// `AF_ALG` and `AF_VSOCK`; include/linux/socket.h.
const AF_ALG: u64 = 38;
const AF_VSOCK: u64 = 40;

/// The daemons that make a filter for other architectures too (`arches`). The function also names
/// `mips64n32`, `mipsel64` and `mipsel64n32`, but no `GOARCH` is called that, so daemons there make
/// one for their own alone.
const WITH_OTHERS: [Arch; 4] = [Arch::X86_64, Arch::Aarch64, Arch::Mips64, Arch::S390x];

/// Before 4.8 a traced process could slip past its filter.
const PTRACE_IS_SAFE: KernelVersion = KernelVersion { major: 4, minor: 8 };

const S390: [&str; 2] = ["s390", "s390x"];

/// Allowed to everybody.
#[rustfmt::skip]
const ALLOWED: &[&str] = &[
    "_llseek", "_newselect", "accept", "accept4", "access", "adjtimex", "alarm", "bind", "brk",
    "cachestat", "capget", "capset", "chdir", "chmod", "chown", "chown32", "clock_adjtime",
    "clock_adjtime64", "clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64",
    "clock_nanosleep", "clock_nanosleep_time64", "close", "close_range", "connect",
    "copy_file_range", "creat", "dup", "dup2", "dup3", "epoll_create", "epoll_create1",
    "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2", "epoll_wait", "epoll_wait_old",
    "eventfd", "eventfd2", "execve", "execveat", "exit", "exit_group", "faccessat", "faccessat2",
    "fadvise64", "fadvise64_64", "fallocate", "fanotify_mark", "fchdir", "fchmod", "fchmodat",
    "fchmodat2", "fchown", "fchown32", "fchownat", "fcntl", "fcntl64", "fdatasync", "fgetxattr",
    "flistxattr", "flock", "fork", "fremovexattr", "fsetxattr", "fstat", "fstat64", "fstatat64",
    "fstatfs", "fstatfs64", "fsync", "ftruncate", "ftruncate64", "futex", "futex_requeue",
    "futex_time64", "futex_wait", "futex_waitv", "futex_wake", "futimesat", "get_robust_list",
    "get_thread_area", "getcpu", "getcwd", "getdents", "getdents64", "getegid", "getegid32",
    "geteuid", "geteuid32", "getgid", "getgid32", "getgroups", "getgroups32", "getitimer",
    "getpeername", "getpgid", "getpgrp", "getpid", "getppid", "getpriority", "getrandom",
    "getresgid", "getresgid32", "getresuid", "getresuid32", "getrlimit", "getrusage", "getsid",
    "getsockname", "getsockopt", "gettid", "gettimeofday", "getuid", "getuid32", "getxattr",
    "getxattrat", "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch",
    "io_cancel", "io_destroy", "io_getevents", "io_pgetevents", "io_pgetevents_time64", "io_setup",
    "io_submit", "ioctl", "ioprio_get", "ioprio_set", "ipc", "kill", "landlock_add_rule",
    "landlock_create_ruleset", "landlock_restrict_self", "lchown", "lchown32", "lgetxattr", "link",
    "linkat", "listen", "listmount", "listxattr", "listxattrat", "llistxattr", "lremovexattr",
    "lseek", "lsetxattr", "lsm_get_self_attr", "lsm_list_modules", "lsm_set_self_attr", "lstat",
    "lstat64", "madvise", "map_shadow_stack", "membarrier", "memfd_create", "memfd_secret",
    "mincore", "mkdir", "mkdirat", "mknod", "mknodat", "mlock", "mlock2", "mlockall", "mmap",
    "mmap2", "mprotect", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive",
    "mq_timedreceive_time64", "mq_timedsend", "mq_timedsend_time64", "mq_unlink", "mremap",
    "mseal", "msgctl", "msgget", "msgrcv", "msgsnd", "msync", "munlock", "munlockall", "munmap",
    "name_to_handle_at", "nanosleep", "newfstatat", "open", "openat", "openat2", "pause",
    "pidfd_open", "pidfd_send_signal", "pipe", "pipe2", "pkey_alloc", "pkey_free", "pkey_mprotect",
    "poll", "ppoll", "ppoll_time64", "prctl", "pread64", "preadv", "preadv2", "prlimit64",
    "process_mrelease", "pselect6", "pselect6_time64", "pwrite64", "pwritev", "pwritev2", "read",
    "readahead", "readlink", "readlinkat", "readv", "recv", "recvfrom", "recvmmsg",
    "recvmmsg_time64", "recvmsg", "remap_file_pages", "removexattr", "removexattrat", "rename",
    "renameat", "renameat2", "restart_syscall", "rmdir", "rseq", "rt_sigaction", "rt_sigpending",
    "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
    "rt_sigtimedwait_time64", "rt_tgsigqueueinfo", "sched_get_priority_max",
    "sched_get_priority_min", "sched_getaffinity", "sched_getattr", "sched_getparam",
    "sched_getscheduler", "sched_rr_get_interval", "sched_rr_get_interval_time64",
    "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield",
    "seccomp", "select", "semctl", "semget", "semop", "semtimedop", "semtimedop_time64", "send",
    "sendfile", "sendfile64", "sendmmsg", "sendmsg", "sendto", "set_robust_list",
    "set_thread_area", "set_tid_address", "setfsgid", "setfsgid32", "setfsuid", "setfsuid32",
    "setgid", "setgid32", "setgroups", "setgroups32", "setitimer", "setpgid", "setpriority",
    "setregid", "setregid32", "setresgid", "setresgid32", "setresuid", "setresuid32", "setreuid",
    "setreuid32", "setrlimit", "setsid", "setsockopt", "setuid", "setuid32", "setxattr",
    "setxattrat", "shmat", "shmctl", "shmdt", "shmget", "shutdown", "sigaltstack", "signalfd",
    "signalfd4", "sigprocmask", "sigreturn", "socketcall", "socketpair", "splice", "stat",
    "stat64", "statfs", "statfs64", "statmount", "statx", "symlink", "symlinkat", "sync",
    "sync_file_range", "syncfs", "sysinfo", "tee", "tgkill", "time", "timer_create",
    "timer_delete", "timer_getoverrun", "timer_gettime", "timer_gettime64", "timer_settime",
    "timer_settime64", "timerfd_create", "timerfd_gettime", "timerfd_gettime64", "timerfd_settime",
    "timerfd_settime64", "times", "tkill", "truncate", "truncate64", "ugetrlimit", "umask",
    "uname", "unlink", "unlinkat", "uretprobe", "utime", "utimensat", "utimensat_time64", "utimes",
    "vfork", "vmsplice", "wait4", "waitid", "waitpid", "write", "writev",
];

/// What a capability opens.
const GUARDED: [(Capability, &[&str]); 14] = [
    (Capability::DAC_READ_SEARCH, &["open_by_handle_at"]),
    (
        Capability::SYS_ADMIN,
        &[
            "bpf",
            "clone",
            "clone3",
            "fanotify_init",
            "fsconfig",
            "fsmount",
            "fsopen",
            "fspick",
            "lookup_dcookie",
            "mount",
            "mount_setattr",
            "move_mount",
            "open_tree",
            "perf_event_open",
            "quotactl",
            "quotactl_fd",
            "setdomainname",
            "sethostname",
            "setns",
            "syslog",
            "umount",
            "umount2",
            "unshare",
        ],
    ),
    (Capability::SYS_BOOT, &["reboot"]),
    (Capability::SYS_CHROOT, &["chroot"]),
    (
        Capability::SYS_MODULE,
        &["delete_module", "finit_module", "init_module"],
    ),
    (Capability::SYS_PACCT, &["acct"]),
    (
        Capability::SYS_PTRACE,
        &[
            "kcmp",
            "pidfd_getfd",
            "process_madvise",
            "process_vm_readv",
            "process_vm_writev",
            "ptrace",
        ],
    ),
    (Capability::SYS_RAWIO, &["ioperm", "iopl"]),
    (
        Capability::SYS_TIME,
        &["clock_settime", "clock_settime64", "settimeofday", "stime"],
    ),
    (Capability::SYS_TTY_CONFIG, &["vhangup"]),
    (
        Capability::SYS_NICE,
        &[
            "get_mempolicy",
            "mbind",
            "set_mempolicy",
            "set_mempolicy_home_node",
        ],
    ),
    (Capability::SYSLOG, &["syslog"]),
    (Capability::BPF, &["bpf"]),
    (Capability::PERFMON, &["perf_event_open"]),
];

/// The default profile of containerd 2.4, with EPERM for what no rule allows. Rules are in the
/// order in which containerd appends them for a container with capabilities in the order of the
/// source, the names of each sorted.
pub fn containerd_default() -> ConditionalProfile {
    ConditionalProfile {
        default_action: Action::Errno(EPERM),
        architectures: Vec::new(),
        arch_map: WITH_OTHERS
            .into_iter()
            .map(|arch| (arch, arch.sub_architectures().to_vec()))
            .collect(),
        rules: rules(),
        flags: Vec::new(),
    }
}

fn rules() -> Vec<ConditionalRule> {
    let mut rules = vec![allow(ALLOWED)];
    // Three rules, since two conditions on one argument would be alternatives.
    rules.extend(
        [
            Test::Less(AF_ALG),
            Test::Equal(AF_ALG + 1),
            Test::Greater(AF_VSOCK),
        ]
        .map(|family| allow(&["socket"]).only_if(ArgIndex(0), family)),
    );
    rules.extend(
        DOMAINS.map(|domain| allow(&["personality"]).only_if(ArgIndex(0), Test::Equal(domain))),
    );
    rules.extend([
        allow(&["process_vm_readv", "process_vm_writev", "ptrace"]).since(PTRACE_IS_SAFE),
        allow(&["swapcontext", "sync_file_range2"]).on(&["ppc64le"]),
        allow(&[
            "arm_fadvise64_64",
            "arm_sync_file_range",
            "breakpoint",
            "cacheflush",
            "set_tls",
            "sync_file_range2",
        ])
        .on(&["arm", "arm64"]),
        allow(&["arch_prctl", "modify_ldt"]).on(&["amd64"]),
        allow(&["modify_ldt"]).on(&["x86"]),
        allow(&[
            "s390_pci_mmio_read",
            "s390_pci_mmio_write",
            "s390_runtime_instr",
        ])
        .on(&S390),
        allow(&["riscv_flush_icache", "riscv_hwprobe"]).on(&["riscv64"]),
    ]);
    rules.extend(GUARDED.map(|(capability, names)| allow(names).with(capability)));
    let clone = || allow(&["clone"]).without(Capability::SYS_ADMIN);
    rules.extend([
        clone().only_if(ArgIndex(1), NO_NAMESPACE).on(&S390),
        clone().only_if(ArgIndex(0), NO_NAMESPACE).not_on(&S390),
        // Its flags are in memory, out of reach of a filter; with ENOSYS libc takes `clone` instead.
        refuse(ENOSYS, &["clone3"]).without(Capability::SYS_ADMIN),
    ]);
    rules
}
