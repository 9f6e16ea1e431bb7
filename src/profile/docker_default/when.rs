//! Sets of releases, for saying when a name was in a rule.
//!
//! A line that is still cared for gets additions after newer lines have begun, so "since" is
//! rarely one release: what 23.0.10 and 25.0.3 got, 24.0.9 never did. Every set here is a
//! difference of profiles/seccomp/default.json between two tags of moby/moby (from 29.0.0 on:
//! seccomp/default.json of the tag of moby/profiles that moby's go.mod names); where more than
//! the file counts, the comment says so.

use super::release::{DockerRelease, known};

/// The releases from `since` on, up to but without `until`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    since: DockerRelease,
    until: Option<DockerRelease>,
}

/// A set of releases.
pub(super) type When = &'static [Span];

/// Whether `release` is in the set.
pub(super) fn contains(when: When, release: DockerRelease) -> bool {
    when.iter()
        .any(|span| release >= span.since && span.until.is_none_or(|until| release < until))
}

const fn since(major: u16, minor: u16, patch: u16) -> Span {
    Span {
        since: known(major, minor, patch),
        until: None,
    }
}

impl Span {
    const fn until(self, major: u16, minor: u16, patch: u16) -> Self {
        Self {
            since: self.since,
            until: Some(known(major, minor, patch)),
        }
    }
}

/// Every known release.
pub(super) const ALWAYS: When = &[since(20, 10, 0)];
/// `close_range`, `epoll_pwait2`; with capabilities the new mount API and `process_madvise`.
pub(super) const SINCE_20_10_4: When = &[since(20, 10, 4)];
/// `clone3` with `CAP_SYS_ADMIN`, ENOSYS without.
pub(super) const SINCE_20_10_10: When = &[since(20, 10, 10)];
/// Calls of Linux 5.12 to 5.16: landlock, `futex_waitv`, `memfd_secret`, `process_mrelease`.
pub(super) const SINCE_20_10_18: When = &[since(20, 10, 18)];
/// Memory protection keys, `process_vm_*` without `CAP_SYS_PTRACE`, `CAP_BPF`, `CAP_PERFMON`,
/// `swapcontext`, `clock_settime64`; `defaultErrnoRet` is written out.
pub(super) const SINCE_23_0: When = &[since(23, 0, 0)];
/// Calls of Linux 6.8 to 6.13.
pub(super) const SINCE_28_2: When = &[since(28, 2, 0)];
/// The row of loongarch64.
pub(super) const SINCE_29_4_2: When = &[since(29, 4, 2)];

/// `io_uring_*` went with 25.0.0 and no older line lost it.
pub(super) const BEFORE_25_0: When = &[since(20, 10, 0).until(25, 0, 0)];

/// Calls of Linux 6.5 to 6.7: `cachestat`, `fchmodat2`, `futex_*`, `map_shadow_stack` and
/// `set_mempolicy_home_node`. 24.0 never got them.
pub(super) const LINUX_6_7: When = &[since(23, 0, 10).until(24, 0, 0), since(25, 0, 3)];

/// `name_to_handle_at` with `CAP_SYS_ADMIN` alone.
pub(super) const HANDLE_GUARDED: When = &[
    since(20, 10, 0).until(20, 10, 26),
    since(23, 0, 0).until(23, 0, 7),
    since(24, 0, 0).until(24, 0, 3),
];
/// `name_to_handle_at` for everybody.
pub(super) const HANDLE_FREE: When = &[
    since(20, 10, 26).until(23, 0, 0),
    since(23, 0, 7).until(24, 0, 0),
    since(24, 0, 3),
];

/// `socket` of any family. 20.10.22 forbade `AF_VSOCK` and 20.10.23 took that back.
pub(super) const SOCKET_ANY: When = &[
    since(20, 10, 0).until(20, 10, 22),
    since(20, 10, 23).until(23, 0, 0),
];
/// `socket` of any family but `AF_VSOCK`.
pub(super) const SOCKET_NOT_VSOCK: When = &[
    since(20, 10, 22).until(20, 10, 23),
    since(23, 0, 0).until(29, 4, 2),
];
/// `socket` of any family but `AF_ALG` (CVE-2026-31431) and `AF_VSOCK`; moby/profiles
/// seccomp/v0.2.2.
pub(super) const SOCKET_NOT_ALG: When = SINCE_29_4_2;

/// `socketcall`, but in 29.4.2 (moby/profiles seccomp/v0.2.2), which broke 32-bit programs.
pub(super) const SOCKETCALL_FREE: When = &[since(20, 10, 0).until(29, 4, 2), since(29, 4, 3)];
/// `socketcall` refused.
pub(super) const SOCKETCALL_REFUSED: When = &[since(29, 4, 2).until(29, 4, 3)];

/// What the file says of riscv64 since 23.0.0 has an effect only where the daemon knows that it
/// runs on riscv64. The table of daemons (`goToNative` in `profiles/seccomp/seccomp_linux.go`) lacked
/// it until moby/moby#48455, first in 28.0.0, backported to 27.3.0 (#48463), 25.0.7 (#48465) and
/// 23.0.16 (#48466); the backport to 26.1 (#48464) was never released.
pub(super) const RISCV64_FOUND: When = &[
    since(23, 0, 16).until(24, 0, 0),
    since(25, 0, 7).until(26, 0, 0),
    since(27, 3, 0),
];
