//! The default profile of Podman and CRI-O.
//!
//! Source: containers/container-libs, common/pkg/seccomp/seccomp.json, which both embed; its first
//! home was containers/common, `pkg/seccomp`. Other calls get ENOSYS, and those which the authors
//! refuse knowingly EPERM.

use super::action::{ENOSYS, EPERM};
use super::stated::{DOMAINS, allow, refuse};
use super::{Action, ArgIndex, Capability, ConditionalProfile, ConditionalRule, Test};
use crate::arch::Arch;

/// `AF_NETLINK`, `AF_VSOCK`; include/linux/socket.h.
const AF_NETLINK: u64 = 16;
const AF_VSOCK: u64 = 40;
/// `NETLINK_AUDIT`, include/uapi/linux/netlink.h.
const NETLINK_AUDIT: u64 = 9;
const EINVAL: u16 = 22;

/// The rows of `archMap`, each with all that the kernel runs besides.
const ARCH_MAP: [Arch; 7] = [
    Arch::X86_64,
    Arch::Aarch64,
    Arch::Mips64,
    Arch::Mips64n32,
    Arch::Mipsel64,
    Arch::Mipsel64n32,
    Arch::S390x,
];

/// Refused to everybody, by name.
#[rustfmt::skip]
const REFUSED: &[&str] = &[
    "bdflush", "cachestat", "io_pgetevents", "io_pgetevents_time64", "kexec_file_load", "kexec_load",
    "map_shadow_stack", "migrate_pages", "move_pages", "nfsservctl", "nice", "oldfstat", "oldlstat",
    "oldolduname", "oldstat", "olduname", "pciconfig_iobase", "pciconfig_read", "pciconfig_write",
    "sgetmask", "ssetmask", "swapoff", "swapon", "syscall", "sysfs", "uselib", "userfaultfd", "ustat",
    "vm86", "vm86old", "vmsplice",
];

/// Allowed to everybody.
#[rustfmt::skip]
const ALLOWED: &[&str] = &[
    "_llseek", "_newselect", "accept", "accept4", "access", "adjtimex", "alarm", "bind", "brk",
    "capget", "capset", "chdir", "chmod", "chown", "chown32", "clock_adjtime", "clock_adjtime64",
    "clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64", "clock_nanosleep",
    "clock_nanosleep_time64", "clone", "clone3", "close", "close_range", "connect",
    "copy_file_range", "creat", "dup", "dup2", "dup3", "epoll_create", "epoll_create1",
    "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2", "epoll_wait", "epoll_wait_old",
    "eventfd", "eventfd2", "execve", "execveat", "exit", "exit_group", "faccessat", "faccessat2",
    "fadvise64", "fadvise64_64", "fallocate", "fanotify_init", "fanotify_mark", "fchdir", "fchmod",
    "fchmodat", "fchmodat2", "fchown", "fchown32", "fchownat", "fcntl", "fcntl64", "fdatasync",
    "fgetxattr", "flistxattr", "flock", "fork", "fremovexattr", "fsconfig", "fsetxattr", "fsmount",
    "fsopen", "fspick", "fstat", "fstat64", "fstatat64", "fstatfs", "fstatfs64", "fsync",
    "ftruncate", "ftruncate64", "futex", "futex_requeue", "futex_time64", "futex_wait",
    "futex_waitv", "futex_wake", "futimesat", "get_mempolicy", "get_robust_list",
    "get_thread_area", "getcpu", "getcwd", "getdents", "getdents64", "getegid", "getegid32",
    "geteuid", "geteuid32", "getgid", "getgid32", "getgroups", "getgroups32", "getitimer",
    "getpeername", "getpgid", "getpgrp", "getpid", "getppid", "getpriority", "getrandom",
    "getresgid", "getresgid32", "getresuid", "getresuid32", "getrlimit", "getrusage", "getsid",
    "getsockname", "getsockopt", "gettid", "gettimeofday", "getuid", "getuid32", "getxattr",
    "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch", "io_cancel",
    "io_destroy", "io_getevents", "io_setup", "io_submit", "ioctl", "ioprio_get", "ioprio_set",
    "ipc", "keyctl", "kill", "landlock_add_rule", "landlock_create_ruleset",
    "landlock_restrict_self", "lchown", "lchown32", "lgetxattr", "link", "linkat", "listen",
    "listxattr", "llistxattr", "lremovexattr", "lseek", "lsetxattr", "lstat", "lstat64", "madvise",
    "mbind", "membarrier", "memfd_create", "memfd_secret", "mincore", "mkdir", "mkdirat", "mknod",
    "mknodat", "mlock", "mlock2", "mlockall", "mmap", "mmap2", "mount", "mount_setattr",
    "move_mount", "mprotect", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive",
    "mq_timedreceive_time64", "mq_timedsend", "mq_timedsend_time64", "mq_unlink", "mremap",
    "msgctl", "msgget", "msgrcv", "msgsnd", "msync", "munlock", "munlockall", "munmap",
    "name_to_handle_at", "nanosleep", "newfstatat", "open", "open_tree", "openat", "openat2",
    "pause", "pidfd_getfd", "pidfd_open", "pidfd_send_signal", "pipe", "pipe2", "pivot_root",
    "pkey_alloc", "pkey_free", "pkey_mprotect", "poll", "ppoll", "ppoll_time64", "prctl",
    "pread64", "preadv", "preadv2", "prlimit64", "process_mrelease", "process_vm_readv",
    "process_vm_writev", "pselect6", "pselect6_time64", "ptrace", "pwrite64", "pwritev",
    "pwritev2", "read", "readahead", "readlink", "readlinkat", "readv", "reboot", "recv",
    "recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg", "remap_file_pages", "removexattr",
    "rename", "renameat", "renameat2", "restart_syscall", "rmdir", "rseq", "rt_sigaction",
    "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend",
    "rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_tgsigqueueinfo", "sched_get_priority_max",
    "sched_get_priority_min", "sched_getaffinity", "sched_getattr", "sched_getparam",
    "sched_getscheduler", "sched_rr_get_interval", "sched_rr_get_interval_time64",
    "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield",
    "seccomp", "select", "semctl", "semget", "semop", "semtimedop", "semtimedop_time64", "send",
    "sendfile", "sendfile64", "sendmmsg", "sendmsg", "sendto", "set_mempolicy", "set_robust_list",
    "set_thread_area", "set_tid_address", "setfsgid", "setfsgid32", "setfsuid", "setfsuid32",
    "setgid", "setgid32", "setgroups", "setgroups32", "setitimer", "setns", "setpgid",
    "setpriority", "setregid", "setregid32", "setresgid", "setresgid32", "setresuid",
    "setresuid32", "setreuid", "setreuid32", "setrlimit", "setsid", "setsockopt", "setuid",
    "setuid32", "setxattr", "shmat", "shmctl", "shmdt", "shmget", "shutdown", "sigaltstack",
    "signal", "signalfd", "signalfd4", "sigprocmask", "sigreturn", "socketcall", "socketpair",
    "splice", "stat", "stat64", "statfs", "statfs64", "statx", "symlink", "symlinkat", "sync",
    "sync_file_range", "syncfs", "sysinfo", "syslog", "tee", "tgkill", "time", "timer_create",
    "timer_delete", "timer_getoverrun", "timer_gettime", "timer_gettime64", "timer_settime",
    "timer_settime64", "timerfd_create", "timerfd_gettime", "timerfd_gettime64", "timerfd_settime",
    "timerfd_settime64", "times", "tkill", "truncate", "truncate64", "ugetrlimit", "umask",
    "umount", "umount2", "uname", "unlink", "unlinkat", "unshare", "utime", "utimensat",
    "utimensat_time64", "utimes", "vfork", "wait4", "waitid", "waitpid", "write", "writev",
];

/// What a capability opens; without it the call gets EPERM rather than the default ENOSYS.
const GUARDED: [(Capability, &[&str]); 8] = [
    (Capability::DAC_READ_SEARCH, &["open_by_handle_at"]),
    (
        Capability::SYS_ADMIN,
        &[
            "lookup_dcookie",
            "quotactl",
            "quotactl_fd",
            "setdomainname",
            "sethostname",
            "setns",
        ],
    ),
    (Capability::SYS_CHROOT, &["chroot"]),
    (
        Capability::SYS_MODULE,
        &[
            "delete_module",
            "finit_module",
            "init_module",
            "query_module",
        ],
    ),
    (Capability::SYS_PACCT, &["acct"]),
    (Capability::SYS_PTRACE, &["kcmp", "process_madvise"]),
    (Capability::SYS_RAWIO, &["ioperm", "iopl"]),
    (
        Capability::SYS_TIME,
        &["clock_settime", "clock_settime64", "settimeofday", "stime"],
    ),
];

/// The default profile of Podman and CRI-O. Rules are in the order of the file, the names of each
/// sorted.
pub fn podman_default() -> ConditionalProfile {
    ConditionalProfile {
        default_action: Action::Errno(ENOSYS),
        architectures: Vec::new(),
        arch_map: ARCH_MAP
            .into_iter()
            .map(|arch| (arch, arch.sub_architectures().to_vec()))
            .collect(),
        rules: rules(),
        flags: Vec::new(),
    }
}

fn rules() -> Vec<ConditionalRule> {
    let mut rules = vec![refuse(EPERM, REFUSED), allow(ALLOWED)];
    rules.extend(
        DOMAINS.map(|domain| allow(&["personality"]).only_if(ArgIndex(0), Test::Equal(domain))),
    );
    rules.extend([
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
        allow(&["arch_prctl"]).on(&["amd64", "x32"]),
        allow(&["modify_ldt"]).on(&["amd64", "x32", "x86"]),
        allow(&[
            "s390_pci_mmio_read",
            "s390_pci_mmio_write",
            "s390_runtime_instr",
        ])
        .on(&["s390", "s390x"]),
        allow(&["riscv_flush_icache"]).on(&["riscv64"]),
    ]);
    for (capability, names) in GUARDED {
        let mut allowed = names.to_vec();
        if capability == Capability::SYS_ADMIN {
            // Two that have a capability of their own as well, and their refusal below.
            allowed.extend(["bpf", "perf_event_open"]);
        }
        rules.push(allow(&allowed).with(capability));
        rules.push(refuse(EPERM, names).without(capability));
    }
    rules.push(allow(&["vhangup"]).with(Capability::SYS_TTY_CONFIG));
    rules.push(refuse(EPERM, &["vhangup"]).without(Capability::SYS_TTY_CONFIG));
    rules.extend(socket());
    for (capability, name) in [
        (Capability::BPF, "bpf"),
        (Capability::PERFMON, "perf_event_open"),
    ] {
        let refused = refuse(EPERM, &[name]).without(Capability::SYS_ADMIN);
        rules.push(refused.without(capability));
        rules.push(allow(&[name]).with(capability));
    }
    rules
}

/// Any family but `AF_VSOCK`, and audit messages only with `CAP_AUDIT_WRITE`.
fn socket() -> [ConditionalRule; 5] {
    let (family, protocol) = (ArgIndex(0), ArgIndex(2));
    let netlink = Test::Equal(AF_NETLINK);
    let allow = || allow(&["socket"]);
    [
        refuse(EPERM, &["socket"]).only_if(family, Test::Equal(AF_VSOCK)),
        refuse(EINVAL, &["socket"])
            .only_if(family, netlink)
            .only_if(protocol, Test::Equal(NETLINK_AUDIT))
            .without(Capability::AUDIT_WRITE),
        allow()
            .only_if(family, netlink)
            .only_if(protocol, Test::NotEqual(NETLINK_AUDIT))
            .without(Capability::AUDIT_WRITE),
        allow()
            .only_if(family, Test::NotEqual(AF_NETLINK))
            .without(Capability::AUDIT_WRITE),
        allow()
            .only_if(family, Test::NotEqual(AF_VSOCK))
            .with(Capability::AUDIT_WRITE),
    ]
}
