//! Calls behind which others hide: `socketcall` and `ipc`.
//!
//! strace prints the sub-call, a filter sees the multiplexer, and neither the one nor the other
//! can tell from the name alone which way a program took. So a printed name stands for both.

use super::table;
use crate::arch::Arch;

/// The multiplexers and the sub-calls that strace decodes, in the order of the sub-call numbers:
/// include/uapi/linux/net.h (`SYS_SOCKET`, …) and include/uapi/linux/ipc.h (`SEMOP`, …).
const MULTIPLEXERS: [(&str, &[&str]); 2] = [
    (
        "socketcall",
        &[
            "socket",
            "bind",
            "connect",
            "listen",
            "accept",
            "getsockname",
            "getpeername",
            "socketpair",
            "send",
            "recv",
            "sendto",
            "recvfrom",
            "shutdown",
            "setsockopt",
            "getsockopt",
            "sendmsg",
            "recvmsg",
            "accept4",
            "recvmmsg",
            "sendmmsg",
        ],
    ),
    (
        "ipc",
        &[
            "semop",
            "semget",
            "semctl",
            "semtimedop",
            "msgsnd",
            "msgrcv",
            "msgget",
            "msgctl",
            "shmat",
            "shmdt",
            "shmget",
            "shmctl",
        ],
    ),
];

/// The multiplexer through which a program of this architecture can have made the call that
/// strace prints as `sub_call`: `socketcall` or `ipc`, or `None` if there is none.
///
/// The kernel has both on x86, s390, s390x, ppc, ppc64, ppc64le, mips (o32), m68k and sh. The
/// sub-call may have a number of its own besides; the table says so.
pub fn multiplexer(arch: Arch, sub_call: &str) -> Option<&'static str> {
    let (name, _) = MULTIPLEXERS
        .iter()
        .find(|(_, sub_calls)| sub_calls.contains(&sub_call))?;
    table(arch).entry(name).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_where_the_kernel_has_them() {
        let expected = [
            Arch::M68k,
            Arch::Mips,
            Arch::Mipsel,
            Arch::Ppc,
            Arch::Ppc64,
            Arch::Ppc64le,
            Arch::S390,
            Arch::S390x,
            Arch::Sh,
            Arch::Sheb,
            Arch::X86,
        ];
        for arch in Arch::ALL {
            let has = expected.contains(&arch);
            assert_eq!(multiplexer(arch, "socket").is_some(), has, "{arch}");
            assert_eq!(multiplexer(arch, "semop").is_some(), has, "{arch}");
        }
    }

    #[test]
    fn which_one() {
        for (name, sub_calls) in MULTIPLEXERS {
            for sub_call in sub_calls {
                assert_eq!(multiplexer(Arch::X86, sub_call), Some(name), "{sub_call}");
            }
        }
        for no_sub_call in ["read", "socketcall", "ipc", "recvmmsg_time64", ""] {
            assert_eq!(multiplexer(Arch::X86, no_sub_call), None, "{no_sub_call}");
        }
    }

    /// The kernel has no sub-call that no architecture has as a call of its own.
    #[test]
    fn sub_calls_are_calls() {
        for (_, sub_calls) in MULTIPLEXERS {
            for sub_call in sub_calls {
                let known = |arch: &Arch| table(*arch).number(sub_call).is_some();
                assert!(Arch::ALL.iter().any(known), "{sub_call}");
            }
        }
    }
}
