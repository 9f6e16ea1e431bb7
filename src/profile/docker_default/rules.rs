//! The rules of the default profile, in the order of the file, with the releases of each name.

use super::names::ALWAYS_ALLOWED;
use super::when::{
    ALWAYS, BEFORE_25_0, HANDLE_FREE, HANDLE_GUARDED, LINUX_6_7, RISCV64_FOUND, SINCE_20_10_4,
    SINCE_20_10_10, SINCE_20_10_18, SINCE_23_0, SINCE_28_2, SOCKET_ANY, SOCKET_NOT_ALG,
    SOCKET_NOT_VSOCK, SOCKETCALL_FREE, SOCKETCALL_REFUSED, When,
};
use crate::profile::action::ENOSYS;
use crate::profile::{Action, ArgIndex, Capability, Condition, KernelVersion, Test};

/// A rule of some releases: of those in which it has a name.
#[derive(Debug)]
pub(super) struct RuleHistory {
    /// The names that are as old as the rule.
    pub(super) names: &'static [&'static str],
    /// When those were in it.
    pub(super) when: When,
    /// The names that came or went on their own, each with its releases.
    pub(super) changes: &'static [(&'static str, When)],
    pub(super) action: Action,
    pub(super) condition: Option<Condition>,
    pub(super) comment: Option<&'static str>,
    pub(super) includes: Filter,
    pub(super) excludes: Filter,
}

/// `includes` or `excludes`.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) capabilities: &'static [Capability],
    pub(super) arches: &'static [&'static str],
    pub(super) min_kernel: Option<KernelVersion>,
}

const ANY: Filter = Filter {
    capabilities: &[],
    arches: &[],
    min_kernel: None,
};

/// Some names, allowed in every release to everybody: what the rules below differ from.
const fn allow(names: &'static [&'static str]) -> RuleHistory {
    RuleHistory {
        names,
        when: ALWAYS,
        changes: &[],
        action: Action::Allow,
        condition: None,
        comment: None,
        includes: ANY,
        excludes: ANY,
    }
}

const fn capability(capabilities: &'static [Capability]) -> Filter {
    Filter {
        capabilities,
        ..ANY
    }
}

const fn arches(arches: &'static [&'static str]) -> Filter {
    Filter { arches, ..ANY }
}

const fn first(test: Test) -> Condition {
    Condition {
        arg: ArgIndex(0),
        test,
    }
}

/// `PER_LINUX`, `PER_LINUX32`, `UNAME26`, both of the latter, and the value that only asks;
/// include/uapi/linux/personality.h.
const fn personality(value: u64) -> RuleHistory {
    RuleHistory {
        condition: Some(first(Test::Equal(value))),
        ..allow(&["personality"])
    }
}

const AF_ALG: u64 = 38;
const AF_NFC: u64 = 39;
const AF_VSOCK: u64 = 40;

const fn socket(when: When, family: Test) -> RuleHistory {
    RuleHistory {
        when,
        condition: Some(first(family)),
        ..allow(&["socket"])
    }
}

/// No new namespace: `CLONE_NEWNS`, `NEWCGROUP`, `NEWUTS`, `NEWIPC`, `NEWUSER`, `NEWPID`,
/// `NEWNET`.
const NO_NAMESPACE: Test = Test::MaskedEqual {
    mask: 0x7e02_0000,
    expected: 0,
};

const S390: &[&str] = &["s390", "s390x"];
const ADMIN: &[Capability] = &[Capability::SYS_ADMIN];

/// Every rule of every release, in an order that is that of each file.
pub(super) const RULES: &[RuleHistory] = &[
    RuleHistory {
        changes: &[
            ("cachestat", LINUX_6_7),
            ("close_range", SINCE_20_10_4),
            ("epoll_pwait2", SINCE_20_10_4),
            ("fchmodat2", LINUX_6_7),
            ("futex_requeue", LINUX_6_7),
            ("futex_wait", LINUX_6_7),
            ("futex_waitv", SINCE_20_10_18),
            ("futex_wake", LINUX_6_7),
            ("getxattrat", SINCE_28_2),
            ("io_uring_enter", BEFORE_25_0),
            ("io_uring_register", BEFORE_25_0),
            ("io_uring_setup", BEFORE_25_0),
            ("landlock_add_rule", SINCE_20_10_18),
            ("landlock_create_ruleset", SINCE_20_10_18),
            ("landlock_restrict_self", SINCE_20_10_18),
            ("listmount", SINCE_28_2),
            ("listxattrat", SINCE_28_2),
            ("map_shadow_stack", LINUX_6_7),
            ("memfd_secret", SINCE_20_10_18),
            ("mseal", SINCE_28_2),
            ("name_to_handle_at", HANDLE_FREE),
            ("pkey_alloc", SINCE_23_0),
            ("pkey_free", SINCE_23_0),
            ("pkey_mprotect", SINCE_23_0),
            ("process_mrelease", SINCE_20_10_18),
            ("removexattrat", SINCE_28_2),
            ("riscv_hwprobe", SINCE_28_2),
            ("setxattrat", SINCE_28_2),
            ("socket", SOCKET_ANY),
            ("socketcall", SOCKETCALL_FREE),
            ("statmount", SINCE_28_2),
            ("uretprobe", SINCE_28_2),
        ],
        ..allow(ALWAYS_ALLOWED)
    },
    // Before 4.8 a traced process could slip past its filter.
    RuleHistory {
        changes: &[
            ("process_vm_readv", SINCE_23_0),
            ("process_vm_writev", SINCE_23_0),
        ],
        includes: Filter {
            min_kernel: Some(KernelVersion { major: 4, minor: 8 }),
            ..ANY
        },
        ..allow(&["ptrace"])
    },
    // Ahead of the rules of `socket`, from which libseccomp makes rules of `socketcall` too.
    RuleHistory {
        when: SOCKETCALL_REFUSED,
        action: Action::Errno(ENOSYS),
        ..allow(&["socketcall"])
    },
    socket(SOCKET_NOT_VSOCK, Test::NotEqual(AF_VSOCK)),
    // Three rules, since two conditions on one argument would be alternatives.
    socket(SOCKET_NOT_ALG, Test::Less(AF_ALG)),
    socket(SOCKET_NOT_ALG, Test::Equal(AF_NFC)),
    socket(SOCKET_NOT_ALG, Test::Greater(AF_VSOCK)),
    personality(0),
    personality(8),
    personality(0x2_0000),
    personality(0x2_0008),
    personality(0xffff_ffff),
    RuleHistory {
        changes: &[("swapcontext", SINCE_23_0)],
        includes: arches(&["ppc64le"]),
        ..allow(&["sync_file_range2"])
    },
    RuleHistory {
        includes: arches(&["arm", "arm64"]),
        ..allow(&[
            "arm_fadvise64_64",
            "arm_sync_file_range",
            "breakpoint",
            "cacheflush",
            "set_tls",
            "sync_file_range2",
        ])
    },
    RuleHistory {
        includes: arches(&["amd64", "x32"]),
        ..allow(&["arch_prctl"])
    },
    RuleHistory {
        includes: arches(&["amd64", "x32", "x86"]),
        ..allow(&["modify_ldt"])
    },
    RuleHistory {
        includes: arches(S390),
        ..allow(&[
            "s390_pci_mmio_read",
            "s390_pci_mmio_write",
            "s390_runtime_instr",
        ])
    },
    RuleHistory {
        when: RISCV64_FOUND,
        includes: arches(&["riscv64"]),
        ..allow(&["riscv_flush_icache"])
    },
    RuleHistory {
        includes: capability(&[Capability::DAC_READ_SEARCH]),
        ..allow(&["open_by_handle_at"])
    },
    RuleHistory {
        changes: &[
            ("clone3", SINCE_20_10_10),
            ("fsconfig", SINCE_20_10_4),
            ("fsmount", SINCE_20_10_4),
            ("fsopen", SINCE_20_10_4),
            ("fspick", SINCE_20_10_4),
            ("lsm_get_self_attr", SINCE_28_2),
            ("lsm_list_modules", SINCE_28_2),
            ("lsm_set_self_attr", SINCE_28_2),
            ("mount_setattr", SINCE_20_10_18),
            ("move_mount", SINCE_20_10_4),
            ("name_to_handle_at", HANDLE_GUARDED),
            ("open_tree", SINCE_20_10_4),
            ("quotactl_fd", SINCE_20_10_18),
        ],
        includes: capability(ADMIN),
        ..allow(&[
            "bpf",
            "clone",
            "fanotify_init",
            "lookup_dcookie",
            "mount",
            "perf_event_open",
            "quotactl",
            "setdomainname",
            "sethostname",
            "setns",
            "syslog",
            "umount",
            "umount2",
            "unshare",
        ])
    },
    RuleHistory {
        condition: Some(first(NO_NAMESPACE)),
        excludes: Filter {
            capabilities: ADMIN,
            arches: S390,
            min_kernel: None,
        },
        ..allow(&["clone"])
    },
    RuleHistory {
        condition: Some(Condition {
            arg: ArgIndex(1),
            test: NO_NAMESPACE,
        }),
        comment: Some("s390 parameter ordering for clone is different"),
        includes: arches(S390),
        excludes: capability(ADMIN),
        ..allow(&["clone"])
    },
    // Its flags are in memory, out of reach of a filter; with ENOSYS libc takes `clone` instead.
    RuleHistory {
        when: SINCE_20_10_10,
        action: Action::Errno(ENOSYS),
        excludes: capability(ADMIN),
        ..allow(&["clone3"])
    },
    RuleHistory {
        includes: capability(&[Capability::SYS_BOOT]),
        ..allow(&["reboot"])
    },
    RuleHistory {
        includes: capability(&[Capability::SYS_CHROOT]),
        ..allow(&["chroot"])
    },
    RuleHistory {
        includes: capability(&[Capability::SYS_MODULE]),
        ..allow(&["delete_module", "finit_module", "init_module"])
    },
    RuleHistory {
        includes: capability(&[Capability::SYS_PACCT]),
        ..allow(&["acct"])
    },
    RuleHistory {
        changes: &[("process_madvise", SINCE_20_10_4)],
        includes: capability(&[Capability::SYS_PTRACE]),
        ..allow(&[
            "kcmp",
            "pidfd_getfd",
            "process_vm_readv",
            "process_vm_writev",
            "ptrace",
        ])
    },
    RuleHistory {
        includes: capability(&[Capability::SYS_RAWIO]),
        ..allow(&["ioperm", "iopl"])
    },
    RuleHistory {
        changes: &[("clock_settime64", SINCE_23_0)],
        includes: capability(&[Capability::SYS_TIME]),
        ..allow(&["clock_settime", "settimeofday", "stime"])
    },
    RuleHistory {
        includes: capability(&[Capability::SYS_TTY_CONFIG]),
        ..allow(&["vhangup"])
    },
    RuleHistory {
        changes: &[("set_mempolicy_home_node", LINUX_6_7)],
        includes: capability(&[Capability::SYS_NICE]),
        ..allow(&["get_mempolicy", "mbind", "set_mempolicy"])
    },
    RuleHistory {
        includes: capability(&[Capability::SYSLOG]),
        ..allow(&["syslog"])
    },
    RuleHistory {
        when: SINCE_23_0,
        includes: capability(&[Capability::BPF]),
        ..allow(&["bpf"])
    },
    RuleHistory {
        when: SINCE_23_0,
        includes: capability(&[Capability::PERFMON]),
        ..allow(&["perf_event_open"])
    },
];
