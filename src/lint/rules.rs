//! The rules, each with its ground. docs/lint-rules.md is made of this table.

use super::rule::{RuleInfo, Severity};

/// One list of rules for the type, for the table, and for the order of both.
macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident { $($field:ident: $value:expr,)* })*) => {
        /// A rule of the lint.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$doc])* $variant,)*
        }

        impl Rule {
            /// Every rule, in the order of the ids.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// What is told of it.
            pub const fn info(self) -> &'static RuleInfo {
                match self {
                    $(Self::$variant => &RuleInfo { $($field: $value,)* },)*
                }
            }
        }
    };
}

rules! {
    /// CS001: the file is no JSON object.
    Malformed {
        id: "CS001",
        name: "malformed",
        severity: Severity::Error,
        title: "the file is no JSON object",
        engines: "all",
        reason: "No engine takes it, so no container starts with it.",
        source: "encoding/json of Go, libocispec of crun; RFC 8259",
    }
    /// CS002: a field that no engine knows.
    UnknownField {
        id: "CS002",
        name: "unknown-field",
        severity: Severity::Warning,
        title: "a field that no engine knows",
        engines: "all",
        reason:
            "Engines pass over it without a word, so what it was to say is not said. A misspelt \
             `errnoRet` leaves EPERM, a misspelt `args` leaves a rule without conditions.",
        source:
            "measured: Docker 20.10, runc and crun start containers with unknown fields; the \
             fields are those of moby/profiles seccomp/seccomp.go, containers/container-libs \
             common/pkg/seccomp/types.go and the OCI runtime specification",
    }
    /// CS003: a field in other letters than its own.
    FieldCase {
        id: "CS003",
        name: "field-case",
        severity: Severity::Warning,
        title: "a field in other letters than its own",
        engines: "crun, youki",
        reason:
            "Engines written in Go take a field in any case, crun and youki in its own alone: to \
             these it is not there.",
        source: "encoding/json of Go, `Unmarshal`; libocispec (crun); serde (youki)",
    }
    /// CS004: unknown syscall name.
    UnknownName {
        id: "CS004",
        name: "unknown-name",
        severity: Severity::Error,
        title: "unknown syscall name",
        engines: "all",
        reason:
            "Engines ignore a name that their libseccomp does not know, most of them without a \
             word, so the call gets the default action.",
        source:
            "runc libcontainer/seccomp/seccomp_linux.go, crun src/libcrun/seccomp.c (measured \
             with Docker 20.10); Inspektor Gadget printed `syscall_1f4`",
    }
    /// CS005: a profile that switches seccomp off.
    NoFilter {
        id: "CS005",
        name: "no-filter",
        severity: Severity::Error,
        title: "a profile that switches seccomp off",
        engines: "Docker, runc; others may refuse it",
        reason:
            "Without `defaultAction` and rules Docker and runc run the container without any \
             filter.",
        source:
            "moby/profiles seccomp/seccomp_linux.go, `setupSeccomp`; measured with Docker 20.10: \
             all calls are permitted",
    }
    /// CS006: rules, but no `defaultAction`.
    NoDefaultAction {
        id: "CS006",
        name: "no-default-action",
        severity: Severity::Error,
        title: "rules, but no `defaultAction`",
        engines: "all",
        reason: "Engines refuse the profile.",
        source: "measured: Docker 20.10, runc 1.1 to 1.5, crun 1.8 and 1.28",
    }
    /// CS007: an unknown action, architecture, operator or flag.
    UnknownWord {
        id: "CS007",
        name: "unknown-word",
        severity: Severity::Error,
        title: "an unknown action, architecture, operator or flag",
        engines: "all",
        reason: "Engines refuse the profile. Every word has one spelling.",
        source: "measured: Docker 20.10, runc, crun; OCI runtime specification, config-linux.md",
    }
    /// CS008: a condition that no container meets.
    NeverTrue {
        id: "CS008",
        name: "condition-never-true",
        severity: Severity::Warning,
        title: "a condition that no container meets",
        engines: "Docker, Podman, CRI-O",
        reason:
            "Capabilities and architectures in `includes` and `excludes` are compared as text. A \
             name that is not Docker's is never met: the rule is never there, or never taken \
             away.",
        source: "moby/profiles seccomp/seccomp_linux.go, `setupSeccomp` and `goToNative`",
    }
    /// CS009: a value that engines can't read.
    BadValue {
        id: "CS009",
        name: "bad-value",
        severity: Severity::Error,
        title: "a value that engines can't read",
        engines: "all",
        reason:
            "Engines written in Go refuse the file; crun reads some of it as another value: \
             `\"value\": \"1\"` as 0.",
        source: "measured: Docker 20.10, runc 1.1 to 1.5, crun 1.8 and 1.28",
    }
    /// CS010: there is no such argument.
    ArgumentIndex {
        id: "CS010",
        name: "argument-index",
        severity: Severity::Error,
        title: "there is no such argument",
        engines: "all",
        reason: "A system call has six arguments, 0 to 5.",
        source: "measured: Docker 20.10, runc, crun refuse it; libseccomp, `seccomp_rule_add`",
    }
    /// CS011: a rule without a name.
    NoNames {
        id: "CS011",
        name: "no-names",
        severity: Severity::Warning,
        title: "a rule without a name",
        engines: "all",
        reason:
            "It is about no call. crun refuses a rule without the field `names`; others pass \
             over it.",
        source:
            "measured: crun 1.28, `Required field 'names' not present`; OCI runtime \
             specification: at least one entry",
    }
    /// CS012: clone3 is blocked with another error than ENOSYS.
    Clone3Eperm {
        id: "CS012",
        name: "clone3-blocked",
        severity: Severity::Warning,
        title: "clone3 is blocked with another error than ENOSYS",
        engines: "all",
        reason:
            "glibc falls back to `clone` only on ENOSYS; with any other answer threads fail to \
             start.",
        source:
            "moby/moby#42680, containerd/containerd#5982; measured: pthread_create fails with \
             EPERM on runc 1.1.5 to 1.5.1 and crun",
    }
    /// CS013: an empty name.
    EmptyName {
        id: "CS013",
        name: "empty-name",
        severity: Severity::Error,
        title: "an empty name",
        engines: "Docker, containerd, runc",
        reason: "runc refuses the profile; crun passes over the name.",
        source: "measured: Docker 20.10, runc, crun",
    }
    /// CS014: `name` instead of `names`.
    SingleName {
        id: "CS014",
        name: "single-name",
        severity: Severity::Warning,
        title: "`name` instead of `names`",
        engines: "containerd, runc, crun, youki",
        reason:
            "Only Docker, Podman and CRI-O know `name`. containerd and runc see a rule without \
             names, crun refuses the profile.",
        source: "measured: runc 1.1 to 1.5, crun 1.8 and 1.28; moby/profiles seccomp/seccomp.go",
    }
    /// CS015: both `name` and `names`.
    NameAndNames {
        id: "CS015",
        name: "name-and-names",
        severity: Severity::Error,
        title: "both `name` and `names`",
        engines: "Docker, Podman, CRI-O",
        reason: "They refuse the profile. Others read `names` alone.",
        source:
            "moby/profiles seccomp/seccomp_linux.go; containers/container-libs \
             common/pkg/seccomp/seccomp_linux.go",
    }
    /// CS016: a condition that the engine ignores, so that calls become allowed.
    ConditionWidens {
        id: "CS016",
        name: "ignored-condition-widens",
        severity: Severity::Error,
        title: "a condition that the engine ignores, so that calls become allowed",
        engines: "containerd, runc, crun, youki; `minKernel`: Podman, CRI-O too",
        reason:
            "`includes` and `excludes` are Docker's. An engine that does not know them applies \
             the rule to every container: of Docker's own default profile it allows `mount`, \
             `setns`, `bpf` and `clone3`.",
        source:
            "containerd contrib/seccomp/seccomp.go; containers/container-libs \
             common/pkg/seccomp/types.go; measured: runc and crun with Docker's default.json",
    }
    /// CS017: a condition that the engine ignores.
    ConditionIgnored {
        id: "CS017",
        name: "ignored-condition",
        severity: Severity::Warning,
        title: "a condition that the engine ignores",
        engines: "containerd, runc, crun, youki; `minKernel`: Podman, CRI-O too",
        reason:
            "The rule applies to every container. Here that allows no call more, but a change of \
             the profile or of the container's capabilities may.",
        source: "as for CS016",
    }
    /// CS018: an `archMap` that the engine ignores.
    ArchMapIgnored {
        id: "CS018",
        name: "ignored-arch-map",
        severity: Severity::Warning,
        title: "an `archMap` that the engine ignores",
        engines: "containerd, runc, crun, youki",
        reason:
            "The filter is made for the engine's own architecture alone: 32-bit programs are \
             killed. (Before 1.1.15 runc then has no ENOSYS for new numbers either.)",
        source: "containerd contrib/seccomp/seccomp.go; measured: i386 programs die of SIGSYS",
    }
    /// CS019: both `architectures` and `archMap`.
    TwoLists {
        id: "CS019",
        name: "two-architecture-lists",
        severity: Severity::Error,
        title: "both `architectures` and `archMap`",
        engines: "Docker, Podman, CRI-O",
        reason: "They refuse the profile; others ignore `archMap`.",
        source:
            "moby/profiles seccomp/seccomp_linux.go, `setupSeccomp`; containers/container-libs",
    }
    /// CS020: a `defaultErrnoRet` that the engine drops.
    DefaultErrnoDropped {
        id: "CS020",
        name: "dropped-default-errno",
        severity: Severity::Warning,
        title: "a `defaultErrnoRet` that the engine drops",
        engines: "Docker 20.10",
        reason: "Its parser has no such field, so calls get EPERM instead.",
        source: "measured: Docker 20.10.24; moby/moby 0ef7e727d2 (23.0) added it",
    }
    /// CS021: an error number by its name alone.
    ErrnoByName {
        id: "CS021",
        name: "errno-by-name",
        severity: Severity::Warning,
        title: "an error number by its name alone",
        engines: "all but Podman and CRI-O",
        reason: "Only containers/common knows `errno` and `defaultErrno`; others answer EPERM.",
        source: "containers/container-libs common/pkg/seccomp/types.go",
    }
    /// CS022: flags that the engine's runtime may not take.
    FlagsRefused {
        id: "CS022",
        name: "unsupported-flag",
        severity: Severity::Warning,
        title: "flags that the engine's runtime may not take",
        engines: "Docker, containerd, runc",
        reason:
            "runc 1.1 refuses every flag, runc before 1.5 \
             `SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV`; Docker 20.10 drops them.",
        source:
            "runc 1.1 libcontainer/specconv/spec_linux.go: `seccomp flags are not yet supported \
             by runc`; measured: Docker 20.10",
    }
    /// CS023: an error number for an action that takes none.
    ErrnoUnused {
        id: "CS023",
        name: "errno-without-use",
        severity: Severity::Error,
        title: "an error number for an action that takes none",
        engines: "crun, Podman, CRI-O",
        reason: "crun refuses it: `errno value specified for action`. Others ignore it.",
        source: "crun src/libcrun/seccomp.c; measured: crun 1.8 and 1.28",
    }
    /// CS024: an action that kills a single thread.
    KillThread {
        id: "CS024",
        name: "kill-thread",
        severity: Severity::Warning,
        title: "an action that kills a single thread",
        engines: "all",
        reason:
            "`SCMP_ACT_KILL` is `SCMP_ACT_KILL_THREAD`. A Go program of which one thread is gone \
             hangs: `docker run` never returns and `docker rm -f` fails.",
        source: "measured: Docker 20.10, runc 1.1 to 1.5",
    }
    /// CS025: weaker than Docker's default, which looks at the arguments.
    WeakerArguments {
        id: "CS025",
        name: "weaker-argument-rule",
        severity: Severity::Warning,
        title: "weaker than Docker's default, which looks at the arguments",
        engines: "all",
        reason:
            "Docker's default allows `clone` without new namespaces, `socket` without some \
             families, five values of `personality`. A name in a list allows everything.",
        source: "moby/profiles seccomp/default.json, by evaluation",
    }
    /// CS026: calls that Docker's default refuses.
    OutsideDefault {
        id: "CS026",
        name: "outside-default",
        severity: Severity::Note,
        title: "calls that Docker's default refuses",
        engines: "all",
        reason: "What a profile allows beyond the default should be known and meant.",
        source: "moby/profiles seccomp/default.json, by evaluation",
    }
    /// CS027: what no rule names is permitted.
    AllowsByDefault {
        id: "CS027",
        name: "allows-by-default",
        severity: Severity::Warning,
        title: "what no rule names is permitted",
        engines: "all",
        reason:
            "Every call of a newer kernel is permitted until somebody adds it to the list; \
             `SCMP_ACT_LOG` is for trying a profile out.",
        source: "seccomp(2); OCI runtime specification",
    }
    /// CS028: calls that the container runtime itself makes are refused.
    RuntimeFloor {
        id: "CS028",
        name: "runtime-floor",
        severity: Severity::Warning,
        title: "calls that the container runtime itself makes are refused",
        engines: "all but youki",
        reason:
            "The filter is loaded before the runtime is done. Without these calls the container \
             does not start, or now and then does not.",
        source:
            "measured: runc 1.1.5 to 1.5.1 and crun 1.8.1 to 1.28 over 20 to 600 starts; \
             opencontainers/runc#2097",
    }
    /// CS029: calls that every program may need are refused.
    AlwaysNeeded {
        id: "CS029",
        name: "always-needed",
        severity: Severity::Warning,
        title: "calls that every program may need are refused",
        engines: "all",
        reason:
            "The kernel or libc makes them where a trace does not show it: after signals, after \
             a stop, where the vDSO can't answer, at the end.",
        source:
            "moby/moby#40205, kubernetes/kubernetes#85191, moby/moby#21117, \
             seccomp/libseccomp#70, systemd/systemd#34615",
    }
    /// CS030: calls from which libc falls back only on ENOSYS get another answer.
    ProbedRefused {
        id: "CS030",
        name: "probed-call-refused",
        severity: Severity::Note,
        title: "calls from which libc falls back only on ENOSYS get another answer",
        engines: "all",
        reason:
            "libc and language runtimes try a newer call and take an older one if the kernel \
             does not have it; any other error they report.",
        source: "moby/moby#42871, opencontainers/runc#2750, containers/common#573",
    }
    /// CS031: runc answers calls above a number before the profile does.
    EnosysBoundary {
        id: "CS031",
        name: "enosys-boundary",
        severity: Severity::Note,
        title: "runc answers calls above a number before the profile does",
        engines: "Docker, containerd, runc",
        reason:
            "runc puts ENOSYS before the filter for numbers above the largest that the profile \
             names, so calls there are not killed, and what gets there moves with every name.",
        source:
            "runc libcontainer/seccomp/patchbpf/enosys_linux.go; measured: call 600 under \
             KILL_PROCESS lives on runc and is killed on crun",
    }
    /// CS032: a name that the engine's libseccomp does not know.
    TooNew {
        id: "CS032",
        name: "newer-than-libseccomp",
        severity: Severity::Note,
        title: "a name that the engine's libseccomp does not know",
        engines: "all",
        reason:
            "It is ignored: the call gets the default action whatever the profile says. Debian \
             12 and Ubuntu 22.04 have libseccomp 2.5.4, Ubuntu 24.04 2.5.5, Debian 13 2.6.0.",
        source: "src/syscalls.csv of each version of libseccomp; measured with mseal",
    }
    /// CS033: the same rule twice.
    Duplicate {
        id: "CS033",
        name: "duplicate",
        severity: Severity::Note,
        title: "the same rule twice",
        engines: "all",
        reason: "The second says nothing.",
        source: "measured: Docker 20.10, runc, crun",
    }
    /// CS034: conditions that never count.
    Shadowed {
        id: "CS034",
        name: "shadowed-rule",
        severity: Severity::Warning,
        title: "conditions that never count",
        engines: "all",
        reason:
            "A rule without conditions decides alone, over conditional ones before and after it.",
        source: "libseccomp src/db.c; measured: Docker 20.10, runc, crun",
    }
    /// CS035: two rules that contradict each other.
    Contradiction {
        id: "CS035",
        name: "contradiction",
        severity: Severity::Warning,
        title: "two rules that contradict each other",
        engines: "all",
        reason: "The first one counts, without a word.",
        source: "measured: Docker 20.10, runc 1.1 to 1.5, crun 1.8 and 1.28",
    }
    /// CS036: equal conditions, different actions.
    EqualConditions {
        id: "CS036",
        name: "equal-conditions",
        severity: Severity::Error,
        title: "equal conditions, different actions",
        engines: "all",
        reason: "libseccomp refuses the second rule (EEXIST) and the container does not start.",
        source: "measured: libseccomp 2.5.4; src/db.c",
    }
    /// CS037: two conditions on one argument.
    ArgumentTwice {
        id: "CS037",
        name: "argument-twice",
        severity: Severity::Warning,
        title: "two conditions on one argument",
        engines: "all",
        reason:
            "They are alternatives: engines make a rule of each condition, so `>= 1` and `<= 2` \
             allow every value.",
        source:
            "runc libcontainer/seccomp/seccomp_linux.go, crun src/libcrun/seccomp.c, youki \
             seccomp/mod.rs; measured",
    }
    /// CS038: a `valueTwo` that nothing looks at.
    ValueTwoUnused {
        id: "CS038",
        name: "unused-value-two",
        severity: Severity::Note,
        title: "a `valueTwo` that nothing looks at",
        engines: "all",
        reason: "Only `SCMP_CMP_MASKED_EQ` has a second value.",
        source: "libseccomp, seccomp_rule_add(3); measured",
    }
    /// CS039: expected bits outside the mask.
    OutsideMask {
        id: "CS039",
        name: "expected-outside-mask",
        severity: Severity::Warning,
        title: "expected bits outside the mask",
        engines: "all",
        reason:
            "Of `SCMP_CMP_MASKED_EQ`, `value` is the mask and `valueTwo` what must be left. \
             libseccomp does not look at the other bits, so the rule matches more than is \
             written.",
        source: "libseccomp, seccomp_rule_add(3); measured: the filters of 2.5.4",
    }
    /// CS040: a condition that always or never holds.
    ConstantCondition {
        id: "CS040",
        name: "constant-condition",
        severity: Severity::Warning,
        title: "a condition that always or never holds",
        engines: "all",
        reason:
            "Comparisons are unsigned over 64 bits: `>= 0` holds for every value, `< 0` for \
             none, a mask of 0 looks at nothing.",
        source: "libseccomp, seccomp_rule_add(3)",
    }
    /// CS041: a rule that the upper half of an argument gets around.
    UpperHalf {
        id: "CS041",
        name: "upper-half",
        severity: Severity::Warning,
        title: "a rule that the upper half of an argument gets around",
        engines: "all",
        reason:
            "Filters compare 64 bits, the kernel uses 32 of an `int`. With a bit set above them \
             a value that the rule refuses is another one for the filter and the same for the \
             kernel. `SCMP_CMP_MASKED_EQ` with the mask 0xffffffff compares what the kernel \
             does.",
        source:
            "measured on Linux 6.18 x86_64 with libseccomp 2.5.4: socket, personality, prctl, \
             fcntl and ioctl run with 0x1_0000_0000 added to a refused value; under Docker's own \
             rules on `socket` 0x1_0000_0028 makes an AF_VSOCK socket",
    }
    /// CS042: programs of the machine's other architectures are killed.
    SubArchitecture {
        id: "CS042",
        name: "missing-sub-architecture",
        severity: Severity::Note,
        title: "programs of the machine's other architectures are killed",
        engines: "all",
        reason:
            "A call of an architecture that is not listed is no error but SIGSYS. That may be \
             meant.",
        source: "opencontainers/runc#290; measured: i386 programs die with status 159",
    }
    /// CS043: architectures of different byte order.
    MixedEndianness {
        id: "CS043",
        name: "mixed-endianness",
        severity: Severity::Error,
        title: "architectures of different byte order",
        engines: "all",
        reason: "libseccomp puts only architectures of one byte order into a filter (EDOM).",
        source: "libseccomp CHANGELOG 2.4.0, `seccomp_arch_add`",
    }
    /// CS044: an architecture that the engine's runtime may not know.
    NewArchitecture {
        id: "CS044",
        name: "unsupported-architecture",
        severity: Severity::Warning,
        title: "an architecture that the engine's runtime may not know",
        engines: "Docker, containerd, runc",
        reason:
            "runc takes riscv64 from 1.1.15 and 1.2 on, loongarch64 from 1.5 on, parisc, m68k \
             and sh never; it refuses a profile with another.",
        source: "runc libcontainer/seccomp/config.go of each version",
    }
    /// CS045: a notification where it can't be.
    Notify {
        id: "CS045",
        name: "notify",
        severity: Severity::Error,
        title: "SCMP_ACT_NOTIFY where it can't be",
        engines: "all",
        reason:
            "Docker refuses it without `listenerPath`, runc as default action and for `write`.",
        source:
            "moby/moby daemon/seccomp_linux.go; runc libcontainer/specconv and \
             libcontainer/seccomp",
    }
    /// CS046: a rule that does what the default action does.
    SameAsDefault {
        id: "CS046",
        name: "same-as-default",
        severity: Severity::Note,
        title: "a rule that does what the default action does",
        engines: "all",
        reason:
            "Engines leave it out, old ones refuse it. It still counts for runc's ENOSYS: its \
             numbers get the default action instead.",
        source:
            "containers/podman#11029; runc libcontainer/seccomp/seccomp_linux.go; measured with \
             futex_waitv",
    }
    /// CS047: more than Kubernetes is to take from a pod.
    Kep6061 {
        id: "CS047",
        name: "kep-6061",
        severity: Severity::Warning,
        title: "more than Kubernetes is to take from a pod",
        engines: "containerd, CRI-O",
        reason:
            "Runtimes of KEP-6061 refuse more than 128 rules, more than 1 MiB, and \
             SCMP_ACT_NOTIFY.",
        source: "kubernetes/enhancements#6062",
    }
    /// CS048: a field that is given twice.
    FieldTwice {
        id: "CS048",
        name: "field-twice",
        severity: Severity::Warning,
        title: "a field that is given twice",
        engines: "all",
        reason: "Readers differ: Go takes the last one, youki refuses the file.",
        source: "encoding/json of Go, `Unmarshal`; serde derive (youki)",
    }
    /// CS049: error number 0.
    ErrnoZero {
        id: "CS049",
        name: "errno-zero",
        severity: Severity::Warning,
        title: "error number 0",
        engines: "all",
        reason: "The call is not made and returns 0: the program takes it for done.",
        source: "seccomp(2), SECCOMP_RET_ERRNO",
    }
    /// CS050: a trace needs a tracer.
    Trace {
        id: "CS050",
        name: "trace",
        severity: Severity::Note,
        title: "SCMP_ACT_TRACE needs a tracer",
        engines: "all",
        reason: "Without one the call gets ENOSYS.",
        source: "seccomp(2), SECCOMP_RET_TRACE",
    }
    /// CS051: a rule on `socket` that 32-bit programs get around.
    Socketcall {
        id: "CS051",
        name: "socketcall",
        severity: Severity::Note,
        title: "a rule on `socket` that 32-bit programs get around",
        engines: "all",
        reason:
            "On x86 and some others `socket` is a part of `socketcall`, the arguments of which \
             are in memory, out of reach of a filter.",
        source:
            "libseccomp src/db.c (socketcall multiplexing); moby/moby#52547, \
             containerd/containerd#13330",
    }
    /// CS052: `io_uring` is allowed.
    IoUring {
        id: "CS052",
        name: "io-uring",
        severity: Severity::Warning,
        title: "io_uring is allowed",
        engines: "all",
        reason:
            "Its operations are no system calls: rules on `openat`, `connect` or `socket` do not \
             see them. Docker's default does not allow it since 25.0.",
        source: "moby/moby#46762, containerd/containerd#9320, containers/common#1264",
    }
    /// CS053: rules that libseccomp makes no filter of.
    Refused {
        id: "CS053",
        name: "refused-rules",
        severity: Severity::Error,
        title: "rules that libseccomp makes no filter of",
        engines: "all",
        reason:
            "Rules that overlap can contradict each other on an architecture where only half of \
             an argument is compared, or be more than libseccomp can merge. The container does \
             not start.",
        source: "libseccomp src/db.c; measured: libseccomp 2.5.4 and random profiles",
    }
    /// CS054: rules that libseccomp merges into something else.
    Merged {
        id: "CS054",
        name: "merged",
        severity: Severity::Warning,
        title: "rules that libseccomp merges into something else",
        engines: "all",
        reason:
            "Rules about one call that overlap are not tried one after the other. libseccomp \
             shares their comparisons, and a filter can let through what no rule allows, or \
             refuse what one does.",
        source: "libseccomp src/db.c, src/gen_bpf.c; measured: libseccomp 2.5.4 and random profiles",
    }
    /// CS055: an exception whose last day is over.
    ExceptionExpired {
        id: "CS055",
        name: "exception-expired",
        severity: Severity::Error,
        title: "an exception of callsieve.toml has expired",
        engines: "all",
        reason:
            "It was to be looked at again by that day. It still applies, as no profile may break at \
             midnight, but `callsieve ci` fails until somebody has looked.",
        source: "docs/ci.md",
    }
    /// CS056: an exception without a reason.
    ExceptionUnexplained {
        id: "CS056",
        name: "exception-unexplained",
        severity: Severity::Error,
        title: "an exception of callsieve.toml without a reason",
        engines: "all",
        reason: "Nobody can judge it, and nobody will dare to take it out.",
        source: "docs/ci.md",
    }
    /// CS057: an allowance that changes nothing.
    AllowUnused {
        id: "CS057",
        name: "allow-unused",
        severity: Severity::Warning,
        title: "an [[allow]] of callsieve.toml that changes nothing",
        engines: "all",
        reason:
            "Recordings show the call anyway, every container needs it, or the base refuses it, so \
             that it is not allowed at all.",
        source: "docs/ci.md",
    }
    /// CS058: a denial that changes nothing.
    DenyUnused {
        id: "CS058",
        name: "deny-unused",
        severity: Severity::Note,
        title: "a [[deny]] of callsieve.toml that changes nothing",
        engines: "all",
        reason: "No recording shows the call, or the base refuses it anyway.",
        source: "docs/ci.md",
    }
    /// CS059: an allowance beyond the base.
    ExceptionBeyondBase {
        id: "CS059",
        name: "allow-beyond-base",
        severity: Severity::Warning,
        title: "an [[allow]] of callsieve.toml that the base does not bound",
        engines: "all",
        reason: "The profile is weaker than its base there, usually Docker's default.",
        source: "docs/ci.md",
    }
}
