//! The runtime's floor: calls that the container runtime itself makes between loading the filter
//! and the execve of the program.
//!
//! Measured on Linux 6.18 `x86_64` with runc 1.1.5, 1.2.5, 1.3.0, 1.3.6, 1.4.3, 1.5.1 and crun
//! 1.8.1, 1.28: what each does under a filter that allows all, over 20 to 600 starts, joined
//! with what a start needs when single calls are refused. Without no-new-privileges the filter is
//! loaded before capabilities and user are changed, so more calls come after it.

use std::collections::BTreeMap;
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

/// When a runtime makes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// It does not.
    Never,
    /// Only while it still drops privileges, so not with no-new-privileges.
    Privileged,
    /// At every start.
    Always,
}
use Need::{Always, Never, Privileged};

/// A call of the floor and whose it is.
struct FloorCall {
    name: &'static str,
    runc: Need,
    crun: Need,
}

const fn call(name: &'static str, runc: Need, crun: Need) -> FloorCall {
    FloorCall { name, runc, crun }
}

/// The floor: runc's need, then crun's.
const FLOOR: &[FloorCall] = &[
    call("capget", Privileged, Never),
    call("capset", Privileged, Privileged),
    call("chdir", Privileged, Never),
    call("close", Always, Always),
    call("close_range", Privileged, Always),
    call("epoll_ctl", Always, Never),
    call("execve", Always, Always),
    call("faccessat2", Privileged, Never),
    call("fchown", Privileged, Never),
    call("fcntl", Always, Never),
    call("fstat", Always, Never),
    call("fstatfs", Always, Never),
    call("futex", Always, Never),
    call("getcwd", Privileged, Never),
    call("getdents64", Always, Never),
    call("getpid", Always, Never),
    call("getppid", Privileged, Never),
    call("mmap", Always, Never),
    call("nanosleep", Always, Never),
    call("newfstatat", Privileged, Never),
    call("openat", Always, Never),
    call("openat2", Always, Never),
    call("prctl", Privileged, Privileged),
    call("pselect6", Never, Privileged),
    call("read", Privileged, Privileged),
    call("rt_sigaction", Never, Privileged),
    call("rt_sigprocmask", Never, Privileged),
    call("rt_sigreturn", Always, Never),
    call("setgid", Privileged, Never),
    call("setgroups", Privileged, Never),
    call("setresgid", Never, Privileged),
    call("setresuid", Never, Privileged),
    call("setuid", Privileged, Never),
    call("statx", Always, Never),
    call("tgkill", Privileged, Never),
    call("write", Always, Privileged),
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
    pub const NONE: Self = Self {
        runc: false,
        crun: false,
    };
    /// Both, which is what a profile that goes to an unknown machine needs.
    pub const BOTH: Self = Self {
        runc: true,
        crun: true,
    };

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
        let needs = |need: Need| match need {
            Never => false,
            Privileged => !no_new_privileges,
            Always => true,
        };
        let mut calls: BTreeMap<&'static str, Self> = BTreeMap::new();
        for call in FLOOR {
            let runc = self.runc && needs(call.runc);
            let crun = self.crun && needs(call.crun);
            if !runc && !crun {
                continue;
            }
            let others = ON_32_BIT
                .iter()
                .filter(|(name, _)| *name == call.name && !arch.is_64_bit());
            let names = std::iter::once(call.name).chain(others.map(|(_, other)| *other));
            for name in names.filter(|name| table(arch).number(name).is_some()) {
                let who = calls.entry(name).or_insert(Self::NONE);
                who.runc |= runc;
                who.crun |= crun;
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
            "runc" => Ok(Self {
                runc: true,
                crun: false,
            }),
            "crun" => Ok(Self {
                runc: false,
                crun: true,
            }),
            "runc+crun" | "crun+runc" => Ok(Self::BOTH),
            "none" => Ok(Self::NONE),
            _ => Err(UnknownFloor {
                name: name.to_owned(),
            }),
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
        let runc = RuntimeFloor {
            runc: true,
            crun: false,
        };
        let crun = RuntimeFloor {
            runc: false,
            crun: true,
        };
        assert_eq!(
            [
                count(RuntimeFloor::BOTH, true),
                count(RuntimeFloor::BOTH, false)
            ],
            [17, 36]
        );
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
