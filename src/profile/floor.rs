//! The runtime's floor: calls that the container runtime itself makes between loading the filter
//! and the execve of the program.
//!
//! Measured on Linux 6.18 x86_64 with runc 1.1.5, 1.2.5, 1.3.0, 1.3.6, 1.4.3, 1.5.1 and crun
//! 1.8.1, 1.28: what each does under a filter that allows all, over 20 to 600 starts, joined
//! with what a start needs when single calls are refused. Without no-new-privileges the filter is
//! loaded before capabilities and user are changed, so more calls come after it.

use std::fmt;
use std::str::FromStr;

use crate::arch::Arch;
use crate::syscalls::table;

/// Which runtimes a profile is to start under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuntimeFloor {
    /// runc 1.1 to 1.5, which Docker and containerd use.
    pub runc: bool,
    /// crun 1.8 to 1.28, which Podman and CRI-O use.
    pub crun: bool,
}

/// A call of the floor and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FloorCall {
    /// The name.
    pub name: &'static str,
    /// runc makes it.
    pub runc: bool,
    /// crun makes it.
    pub crun: bool,
    /// It is needed with no-new-privileges too.
    pub with_no_new_privileges: bool,
}

const fn call(name: &'static str, who: &str, with_no_new_privileges: bool) -> FloorCall {
    // `rc` both, `r` runc, `c` crun, `rC` runc always and crun only without no-new-privileges.
    let who = who.as_bytes();
    let runc = who[0] == b'r';
    let crun = who[0] == b'c' || who.len() > 1;
    FloorCall { name, runc, crun, with_no_new_privileges }
}

/// The floor of both runtimes. One call of a runtime that needs it only without
/// no-new-privileges has a second row.
const FLOOR: &[FloorCall] = &[
    call("capget", "r", false),
    call("capset", "rc", false),
    call("chdir", "r", false),
    call("close", "rc", true),
    call("close_range", "c", true),
    call("close_range", "r", false),
    call("epoll_ctl", "r", true),
    call("execve", "rc", true),
    call("faccessat2", "r", false),
    call("fchown", "r", false),
    call("fcntl", "r", true),
    call("fstat", "r", true),
    call("fstatfs", "r", true),
    call("futex", "r", true),
    call("getcwd", "r", false),
    call("getdents64", "r", true),
    call("getpid", "r", true),
    call("getppid", "r", false),
    call("mmap", "r", true),
    call("nanosleep", "r", true),
    call("newfstatat", "r", false),
    call("openat", "r", true),
    call("openat2", "r", true),
    call("prctl", "rc", false),
    call("pselect6", "c", false),
    call("read", "rc", false),
    call("rt_sigaction", "c", false),
    call("rt_sigprocmask", "c", false),
    call("rt_sigreturn", "r", true),
    call("setgid", "r", false),
    call("setgroups", "r", false),
    call("setresgid", "c", false),
    call("setresuid", "c", false),
    call("setuid", "r", false),
    call("statx", "r", true),
    call("tgkill", "r", false),
    call("write", "r", true),
    call("write", "c", false),
];

/// What a 32-bit runtime calls instead, by the kernel's tables. Not measured.
const ON_32_BIT: &[(&str, &str)] = &[
    ("fchown", "fchown32"),
    ("fcntl", "fcntl64"),
    ("fstat", "fstat64"),
    ("fstatfs", "fstatfs64"),
    ("futex", "futex_time64"),
    ("mmap", "mmap2"),
    ("nanosleep", "clock_nanosleep_time64"),
    ("newfstatat", "fstatat64"),
    ("pselect6", "pselect6_time64"),
    ("setgid", "setgid32"),
    ("setgroups", "setgroups32"),
    ("setresgid", "setresgid32"),
    ("setresuid", "setresuid32"),
    ("setuid", "setuid32"),
];

impl RuntimeFloor {
    /// No runtime: the filter is loaded by the program itself, or the trace has the runtime too.
    pub const NONE: Self = Self { runc: false, crun: false };
    /// Both, which is what a profile that goes to an unknown machine needs.
    pub const BOTH: Self = Self { runc: true, crun: true };

    /// Whether there is no runtime.
    pub const fn is_none(self) -> bool {
        !self.runc && !self.crun
    }

    /// The calls needed on `arch`, each with the runtimes that need it, sorted by name.
    pub fn calls(
        self,
        arch: Arch,
        no_new_privileges: bool,
    ) -> impl Iterator<Item = (&'static str, Self)> {
        let wanted: Vec<&FloorCall> = FLOOR
            .iter()
            .filter(|call| (self.runc && call.runc) || (self.crun && call.crun))
            .filter(|call| call.with_no_new_privileges || !no_new_privileges)
            .collect();
        let mut calls: std::collections::BTreeMap<&'static str, Self> =
            std::collections::BTreeMap::new();
        for call in wanted {
            let names = std::iter::once(call.name).chain(
                ON_32_BIT
                    .iter()
                    .filter(|(name, _)| *name == call.name && !arch.is_64_bit())
                    .map(|(_, other)| *other),
            );
            for name in names.filter(|name| table(arch).number(name).is_some()) {
                let who = calls.entry(name).or_insert(Self::NONE);
                who.runc |= call.runc && self.runc;
                who.crun |= call.crun && self.crun;
            }
        }
        calls.into_iter()
    }
}

impl fmt::Display for RuntimeFloor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.runc, self.crun) {
            (true, true) => "runc+crun",
            (true, false) => "runc",
            (false, true) => "crun",
            (false, false) => "none",
        })
    }
}

/// A name that is no floor's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown runtime floor `{}`; expected runc, crun, runc+crun or none", name.escape_debug())]
pub struct UnknownFloor {
    /// The name that was given.
    pub name: String,
}

impl FromStr for RuntimeFloor {
    type Err = UnknownFloor;

    fn from_str(name: &str) -> Result<Self, UnknownFloor> {
        match name {
            "runc" => Ok(Self { runc: true, crun: false }),
            "crun" => Ok(Self { runc: false, crun: true }),
            "runc+crun" | "crun+runc" => Ok(Self::BOTH),
            "none" => Ok(Self::NONE),
            _ => Err(UnknownFloor { name: name.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(floor: RuntimeFloor, no_new_privileges: bool) -> usize {
        floor.calls(Arch::X86_64, no_new_privileges).count()
    }

    /// The sizes measured: both 17 and 36, runc 16 and 31, crun 3 and 12.
    #[test]
    fn sizes_are_those_measured() {
        let runc = RuntimeFloor { runc: true, crun: false };
        let crun = RuntimeFloor { runc: false, crun: true };
        assert_eq!([count(RuntimeFloor::BOTH, true), count(RuntimeFloor::BOTH, false)], [17, 36]);
        assert_eq!([count(runc, true), count(runc, false)], [16, 31]);
        assert_eq!([count(crun, true), count(crun, false)], [3, 12]);
        assert_eq!(count(RuntimeFloor::NONE, false), 0);
    }

    #[test]
    fn names_lead_back() {
        for name in ["runc", "crun", "runc+crun", "none"] {
            assert_eq!(name.parse::<RuntimeFloor>().unwrap().to_string(), name);
        }
        assert!("youki".parse::<RuntimeFloor>().is_err());
    }
}
