//! Arguments whose values are a closed set worth recording, and the numbers behind the symbols
//! that strace prints for them.

use super::symbols::{self, Symbols};
use crate::arch::Arch;

/// What the values of an argument mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArgKind {
    /// `AF_*`.
    AddressFamily,
    /// `SOCK_*`: a type and flags.
    SocketType,
    /// `IPPROTO_*`, or what the address family has instead.
    SocketProtocol,
    /// `CLONE_*` flags, and a signal in the lowest byte.
    CloneFlags,
    /// `PER_*` and flags.
    Personality,
    /// `PR_*`.
    PrctlOption,
    /// `ARCH_*`.
    ArchPrctlCode,
    /// `F_*`.
    FcntlCommand,
    /// `PROT_*` flags.
    Protection,
    /// `MAP_*` flags.
    MapFlags,
    /// `MADV_*`.
    Advice,
    /// `SOL_*`.
    SocketLevel,
    /// `SO_*`, `TCP_*`, `IP_*`, ….
    SocketOption,
    /// `FUTEX_*`.
    FutexOperation,
    /// `SECCOMP_*`.
    SeccompOperation,
    /// `BPF_*`.
    BpfCommand,
    /// `KEYCTL_*`.
    KeyctlOperation,
    /// `PTRACE_*`.
    PtraceRequest,
    /// `SHUT_*`.
    ShutdownHow,
    /// `TIOC…`, `FIO…`, `SIOC…`, ….
    IoctlRequest,
}

impl ArgKind {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::AddressFamily,
        Self::SocketType,
        Self::SocketProtocol,
        Self::CloneFlags,
        Self::Personality,
        Self::PrctlOption,
        Self::ArchPrctlCode,
        Self::FcntlCommand,
        Self::Protection,
        Self::MapFlags,
        Self::Advice,
        Self::SocketLevel,
        Self::SocketOption,
        Self::FutexOperation,
        Self::SeccompOperation,
        Self::BpfCommand,
        Self::KeyctlOperation,
        Self::PtraceRequest,
        Self::ShutdownHow,
        Self::IoctlRequest,
    ];

    /// The known symbols and their values, sorted by name. Several may have one value.
    pub const fn symbols(self) -> &'static [(&'static str, u64)] {
        let symbols: Symbols = match self {
            Self::AddressFamily => symbols::ADDRESS_FAMILY,
            Self::SocketType => symbols::SOCKET_TYPE,
            Self::SocketProtocol => symbols::SOCKET_PROTOCOL,
            Self::CloneFlags => symbols::CLONE_FLAGS,
            Self::Personality => symbols::PERSONALITY,
            Self::PrctlOption => symbols::PRCTL_OPTION,
            Self::ArchPrctlCode => symbols::ARCH_PRCTL_CODE,
            Self::FcntlCommand => symbols::FCNTL_COMMAND,
            Self::Protection => symbols::PROTECTION,
            Self::MapFlags => symbols::MAP_FLAGS,
            Self::Advice => symbols::ADVICE,
            Self::SocketLevel => symbols::SOCKET_LEVEL,
            Self::SocketOption => symbols::SOCKET_OPTION,
            Self::FutexOperation => symbols::FUTEX_OPERATION,
            Self::SeccompOperation => symbols::SECCOMP_OPERATION,
            Self::BpfCommand => symbols::BPF_COMMAND,
            Self::KeyctlOperation => symbols::KEYCTL_OPERATION,
            Self::PtraceRequest => symbols::PTRACE_REQUEST,
            Self::ShutdownHow => symbols::SHUTDOWN_HOW,
            Self::IoctlRequest => symbols::IOCTL_REQUEST,
        };
        symbols
    }
}

/// The arguments of a call (counted from 0, as a filter counts them) that are a closed set.
///
/// Only arguments that a filter can see and whose symbols [`symbol_value`] knows: none behind a
/// pointer, and none for which the architecture has numbers of its own (MIPS and parisc in much,
/// ppc and sh in a little). strace may print arguments in another order, as it does for `clone`.
pub fn closed_set_arguments(arch: Arch, name: &str) -> &'static [(u8, ArgKind)] {
    use ArgKind as Kind;
    if differs_as_a_whole(arch, name) {
        return &[];
    }
    let ours = own_values(arch);
    match name {
        // SOCK_STREAM and SOCK_DGRAM change places on MIPS, the flags differ on parisc.
        "socket" | "socketpair" if ours.most => {
            &[(0, Kind::AddressFamily), (2, Kind::SocketProtocol)]
        }
        "socket" | "socketpair" => &[
            (0, Kind::AddressFamily),
            (1, Kind::SocketType),
            (2, Kind::SocketProtocol),
        ],
        // CONFIG_CLONE_BACKWARDS2: the stack comes first.
        "clone" if !matches!(arch, Arch::S390 | Arch::S390x) => &[(0, Kind::CloneFlags)],
        "clone" | "setns" => &[(1, Kind::CloneFlags)],
        "unshare" => &[(0, Kind::CloneFlags)],
        "personality" => &[(0, Kind::Personality)],
        "prctl" => &[(0, Kind::PrctlOption)],
        "arch_prctl" => &[(0, Kind::ArchPrctlCode)],
        "ioctl" => &[(1, Kind::IoctlRequest)],
        "fcntl" | "fcntl64" => &[(1, Kind::FcntlCommand)],
        "setsockopt" | "getsockopt" if ours.some => &[(1, Kind::SocketLevel)],
        "setsockopt" | "getsockopt" => &[(1, Kind::SocketLevel), (2, Kind::SocketOption)],
        "mmap" | "mmap2" if !ours.most && !ours.some => {
            &[(2, Kind::Protection), (3, Kind::MapFlags)]
        }
        "mmap" | "mmap2" | "mprotect" | "pkey_mprotect" => &[(2, Kind::Protection)],
        "madvise" => &[(2, Kind::Advice)],
        "process_madvise" => &[(3, Kind::Advice)],
        "seccomp" => &[(0, Kind::SeccompOperation)],
        "bpf" => &[(0, Kind::BpfCommand)],
        "futex" | "futex_time64" => &[(1, Kind::FutexOperation)],
        "keyctl" => &[(0, Kind::KeyctlOperation)],
        "ptrace" => &[(0, Kind::PtraceRequest)],
        "shutdown" => &[(1, Kind::ShutdownHow)],
        _ => &[],
    }
}

/// Calls of which no argument can be used on an architecture.
fn differs_as_a_whole(arch: Arch, name: &str) -> bool {
    let ours = own_values(arch);
    match name {
        // SIGCHLD is 18 there, SOL_SOCKET 0xffff.
        "clone" | "fcntl" | "fcntl64" | "setsockopt" | "getsockopt" => ours.most,
        "ioctl" => ours.ioctl,
        // `sys_old_mmap` and its like take one pointer to the six arguments.
        "mmap" => matches!(arch, Arch::X86 | Arch::M68k | Arch::S390 | Arch::S390x),
        "mmap2" => arch == Arch::S390,
        // PTRACE_GETREGS is 18 there; MADV_* had other numbers before Linux 5.18.
        "madvise" | "process_madvise" | "ptrace" => {
            matches!(arch, Arch::Parisc | Arch::Parisc64)
        }
        _ => false,
    }
}

/// Where the numbers of an architecture are not those of include/uapi/asm-generic/.
struct OwnValues {
    /// signal.h, fcntl.h, mman.h and socket.h: MIPS and parisc.
    most: bool,
    /// A few of mman.h and socket.h: ppc.
    some: bool,
    /// ioctl.h or ioctls.h.
    ioctl: bool,
}

const fn own_values(arch: Arch) -> OwnValues {
    let (most, some, ioctl) = match arch {
        Arch::Mips
        | Arch::Mips64
        | Arch::Mips64n32
        | Arch::Mipsel
        | Arch::Mipsel64
        | Arch::Mipsel64n32
        | Arch::Parisc
        | Arch::Parisc64 => (true, true, true),
        Arch::Ppc | Arch::Ppc64 | Arch::Ppc64le => (false, true, true),
        Arch::Sh | Arch::Sheb => (false, false, true),
        Arch::Aarch64
        | Arch::Arm
        | Arch::Loongarch64
        | Arch::M68k
        | Arch::Riscv64
        | Arch::S390
        | Arch::S390x
        | Arch::X32
        | Arch::X86
        | Arch::X86_64 => (false, false, false),
    };
    OwnValues { most, some, ioctl }
}

/// The number behind an argument as strace prints it: `SOCK_STREAM|SOCK_CLOEXEC`,
/// `CLONE_VM|0x100|17`, `0x3001 /* ARCH_??? */`,
/// `TIOCINQ or FIONREAD`.
///
/// Numbers are decimal, octal after `0`, hexadecimal after `0x`. `None` if any part is unknown,
/// or if alternatives differ: better no value than a wrong one.
pub fn symbol_value(kind: ArgKind, text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte != b' ' && byte != b'/') {
        // No alternatives and no comments, as most are.
        return text
            .split('|')
            .try_fold(0, |sum, part| Some(sum | part_value(kind, part)?));
    }
    let mut alternatives = text.split(" or ");
    let value = flags_value(kind, alternatives.next()?)?;
    alternatives
        .all(|other| flags_value(kind, other) == Some(value))
        .then_some(value)
}

/// A value as people write it: `AF_INET`, `CLONE_VM|CLONE_FILES|0x11`. `None` if nothing of it has a
/// name. Where several symbols have one value, the one that most would use.
pub fn value_symbols(kind: ArgKind, value: u64) -> Option<String> {
    /// Of those with the same value, others come first.
    const SELDOM: [&str; 6] = [
        "AF_FILE",
        "AF_LOCAL",
        "AF_ROUTE",
        "PER_LINUX_32BIT",
        "MADV_NOPAGEOUT",
        "MAP_FILE",
    ];
    let named = |value: u64| {
        let mut symbols = kind.symbols().iter();
        let name = symbols.find(|(name, it)| *it == value && !SELDOM.contains(name));
        name.map(|(name, _)| *name)
    };
    if let Some(name) = named(value) {
        return Some(name.to_owned());
    }
    if !kind.has_flags() {
        return None;
    }
    let (mut parts, mut rest) = (Vec::new(), 0);
    for bit in (0..u64::BITS)
        .map(|at| 1 << at)
        .filter(|bit| value & bit != 0)
    {
        match named(bit) {
            // What stands below the flags is a number: of a signal, a type.
            Some(name) if !kind.is_number(bit) => parts.push(name.to_owned()),
            Some(_) | None => rest |= bit,
        }
    }
    if parts.is_empty() {
        return None;
    }
    match named(rest) {
        Some(name) if rest != 0 => parts.insert(0, name.to_owned()),
        _ if rest != 0 => parts.push(format!("{rest:#x}")),
        _ => {}
    }
    Some(parts.join("|"))
}

impl ArgKind {
    /// Whether a value may be several symbols at once.
    const fn has_flags(self) -> bool {
        matches!(
            self,
            Self::SocketType
                | Self::CloneFlags
                | Self::Personality
                | Self::Protection
                | Self::MapFlags
                | Self::FutexOperation
        )
    }

    /// Whether a bit belongs to a number that stands beside the flags.
    const fn is_number(self, bit: u64) -> bool {
        let numbers = if matches!(self, Self::SocketType) {
            0x10
        } else if matches!(self, Self::FutexOperation) {
            0x80
        } else if matches!(self, Self::CloneFlags | Self::Personality) {
            0x100
        } else {
            0
        };
        bit < numbers
    }
}

fn flags_value(kind: ArgKind, text: &str) -> Option<u64> {
    text.split('|').try_fold(0, |sum, part| {
        // strace explains a number that it has no symbol for in a comment.
        let bare = part.split_once("/*").map_or(part, |(number, _)| number);
        Some(sum | part_value(kind, bare.trim())?)
    })
}

fn part_value(kind: ArgKind, part: &str) -> Option<u64> {
    if part.bytes().next()?.is_ascii_digit() {
        return number(part);
    }
    let symbols = kind.symbols();
    let at = symbols
        .binary_search_by_key(&part, |&(name, _)| name)
        .ok()?;
    symbols.get(at).map(|&(_, value)| value)
}

/// A number that begins with a digit. (`from_str_radix` would take a sign too.)
fn number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    if digits.starts_with('+') {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscalls::table;

    fn check(kind: ArgKind, text: &str, expected: Option<u64>) {
        assert_eq!(symbol_value(kind, text), expected, "{kind:?} {text:?}");
    }

    #[test]
    fn values_as_symbols() {
        for (kind, value, text) in [
            (ArgKind::AddressFamily, 1, Some("AF_UNIX")),
            (ArgKind::AddressFamily, 40, Some("AF_VSOCK")),
            (ArgKind::AddressFamily, 999, None),
            (
                ArgKind::CloneFlags,
                0x5001_0011,
                Some("SIGCHLD|CLONE_THREAD|CLONE_NEWUSER|CLONE_NEWNET"),
            ),
            (
                ArgKind::SocketType,
                0x80001,
                Some("SOCK_STREAM|SOCK_CLOEXEC"),
            ),
            (ArgKind::Protection, 3, Some("PROT_READ|PROT_WRITE")),
            (ArgKind::Protection, 0, Some("PROT_NONE")),
            (ArgKind::CloneFlags, 0x11, Some("SIGCHLD")),
            (ArgKind::CloneFlags, 0x17f, Some("CLONE_VM|0x7f")),
        ] {
            let told = value_symbols(kind, value);
            assert_eq!(told.as_deref(), text, "{kind:?} {value:#x}");
            if let Some(told) = told {
                assert_eq!(symbol_value(kind, &told), Some(value), "{told}");
            }
        }
    }

    #[test]
    fn tables_are_sorted_without_repetition() {
        for kind in ArgKind::ALL {
            let symbols = kind.symbols();
            assert!(symbols.len() > 2, "{kind:?}");
            assert!(
                symbols
                    .windows(2)
                    .all(|pair| matches!(pair, [(a, _), (b, _)] if a < b)),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn symbols_and_numbers() {
        check(ArgKind::AddressFamily, "AF_INET6", Some(10));
        check(ArgKind::AddressFamily, "AF_UNIX", Some(1));
        check(
            ArgKind::SocketType,
            "SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK",
            Some(0x80801),
        );
        check(ArgKind::SocketProtocol, "NETLINK_ROUTE", Some(0));
        check(
            ArgKind::CloneFlags,
            "CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD",
            Some(0x0120_0011),
        );
        check(ArgKind::CloneFlags, "CLONE_VM|0x40|021|3", Some(0x153));
        check(ArgKind::Personality, "0xffffffff", Some(0xffff_ffff));
        check(ArgKind::FcntlCommand, "0x407 /* F_??? */", Some(0x407));
        check(ArgKind::IoctlRequest, "TIOCINQ or FIONREAD", Some(0x541b));
        check(ArgKind::MapFlags, "MAP_PRIVATE|MAP_ANONYMOUS", Some(0x22));
        check(ArgKind::Protection, "PROT_NONE", Some(0));
        check(ArgKind::SocketType, "0", Some(0));
    }

    #[test]
    fn what_is_not_known_gives_nothing() {
        for text in [
            "",
            "|",
            "SOCK_STREAM|",
            "SOCK_STREAM|SOCK_NEW",
            "sock_stream",
            "-1",
            "+1",
            "0x",
            "0x+1",
            "0x-1",
            "09",
            "1<<4",
            "0x1ffffffffffffffff",
            "htons(ETH_P_ALL)",
            "/* none */",
            "AF_INET",
        ] {
            check(ArgKind::SocketType, text, None);
        }
        check(ArgKind::IoctlRequest, "TCGETS or TIOCINQ", None);
        check(ArgKind::IoctlRequest, "TCGETS or SNDCTL_TMR_TIMEBASE", None);
    }

    #[test]
    fn order_and_pointers_differ_by_architecture() {
        let kinds = closed_set_arguments;
        assert_eq!(
            kinds(Arch::X86_64, "clone"),
            [(0, ArgKind::CloneFlags)],
            "flags first"
        );
        assert_eq!(kinds(Arch::S390x, "clone"), [(1, ArgKind::CloneFlags)]);
        assert_eq!(kinds(Arch::Mips, "clone"), []);
        assert_eq!(kinds(Arch::X86, "mmap"), [], "one pointer");
        assert_eq!(kinds(Arch::X86, "mmap2").len(), 2);
        assert_eq!(kinds(Arch::S390, "mmap2"), [], "one pointer");
        assert_eq!(kinds(Arch::Ppc64le, "mmap"), [(2, ArgKind::Protection)]);
        assert_eq!(kinds(Arch::X86_64, "socket").len(), 3);
        assert_eq!(kinds(Arch::Mipsel64, "socket").len(), 2);
        assert_eq!(kinds(Arch::X86_64, "read"), []);
        assert_eq!(kinds(Arch::X86_64, "openat"), []);
    }

    /// No argument twice, none beyond the six, in order.
    #[test]
    fn indices_are_plausible() {
        for arch in Arch::ALL {
            for (name, _) in table(arch).iter() {
                let indices: Vec<u8> = closed_set_arguments(arch, name)
                    .iter()
                    .map(|&(index, _)| index)
                    .collect();
                assert!(indices.is_sorted_by(|a, b| a < b), "{arch} {name}");
                assert!(indices.iter().all(|&index| index < 6), "{arch} {name}");
            }
        }
    }
}
