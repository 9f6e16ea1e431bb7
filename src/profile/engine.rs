//! Engines: how each reads a profile, and what its runtime and libseccomp make of it.
//!
//! Read in the sources of dockerd 20.10 and 29, containerd 2, CRI-O and Podman
//! (containers/common), runc 1.1 to 1.5, crun 1.8 to 1.28 and youki 0.7, and measured with dockerd
//! 20.10.24, runc 1.1.5 to 1.5.1, crun 1.8.1 and 1.28 and libseccomp 2.5.4 and 2.6.1.

use std::fmt;
use std::str::FromStr;

use super::{Action, ConditionalProfile, Host, Profile};
use crate::arch::Arch;

/// Who reads a profile and loads the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Engine {
    /// Docker 23 and newer, with runc.
    Docker,
    /// Docker 20.10, with runc 1.1.
    Docker20,
    /// containerd's `ctr` and CRI (Kubernetes `localhostProfile`), with runc.
    Containerd,
    /// CRI-O, with crun, its default since 1.31.
    CriO,
    /// Podman, with crun.
    Podman,
    /// runc 1.1.15 and newer by itself: the profile is the `seccomp` of a bundle.
    Runc,
    /// crun by itself.
    Crun,
    /// youki by itself.
    Youki,
}

/// Whose names an engine finds, and so which calls a profile can speak of: each version of
/// libseccomp has the table of the kernel that was new then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Libseccomp {
    /// 2.5.4: Linux 5.17. Ubuntu 22.04.
    V2_5_4,
    /// 2.5.5: Linux 6.7. Ubuntu 24.04, and Debian 12, whose 2.5.4-1+deb12u1 has these calls too.
    V2_5_5,
    /// 2.6.0: Linux 6.13. Debian 13.
    V2_6_0,
    /// 2.6.1: Linux 7.1.
    V2_6_1,
}

/// An engine on a machine: all that the meaning of a flat profile depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct View {
    /// The engine.
    pub engine: Engine,
    /// What its runtime is linked with.
    pub libseccomp: Libseccomp,
    /// The architecture of its runtime, which always belongs to the filter.
    pub native: Arch,
}

/// Which of Docker's conditions on rules an engine knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conditions {
    /// `includes`, `excludes`, `minKernel` and `archMap`.
    All,
    /// All but `minKernel`.
    NoKernel,
    /// None: rules with conditions always apply, `archMap` does not.
    None,
}

/// For which architectures a runtime answers ENOSYS to numbers above the largest that a profile
/// names (`libcontainer/seccomp/patchbpf/enosys_linux.go` in runc).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnosysStub {
    /// None.
    Never,
    /// Those that the profile lists: runc 1.1.0 to 1.1.14.
    Listed,
    /// Those and the native one: runc 1.1.15, 1.2.0 and newer.
    ListedAndNative,
}

impl Engine {
    /// Every engine.
    pub const ALL: [Self; 8] = [
        Self::Docker,
        Self::Docker20,
        Self::Containerd,
        Self::CriO,
        Self::Podman,
        Self::Runc,
        Self::Crun,
        Self::Youki,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Docker20 => "docker-20.10",
            Self::Containerd => "containerd",
            Self::CriO => "cri-o",
            Self::Podman => "podman",
            Self::Runc => "runc",
            Self::Crun => "crun",
            Self::Youki => "youki",
        }
    }

    /// For people: `Docker 23 and newer`.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Docker => "Docker 23 and newer",
            Self::Docker20 => "Docker 20.10",
            Self::Containerd => "containerd",
            Self::CriO => "CRI-O",
            Self::Podman => "Podman",
            Self::Runc => "runc",
            Self::Crun => "crun",
            Self::Youki => "youki",
        }
    }

    /// Which of Docker's conditions it knows.
    pub const fn conditions(self) -> Conditions {
        match self {
            Self::Docker | Self::Docker20 => Conditions::All,
            Self::CriO | Self::Podman => Conditions::NoKernel,
            Self::Containerd | Self::Runc | Self::Crun | Self::Youki => Conditions::None,
        }
    }

    /// Whether it knows `defaultErrnoRet`; one that does not answers EPERM.
    pub const fn knows_default_errno(self) -> bool {
        !matches!(self, Self::Docker20)
    }

    /// Which numbers its runtime answers before the filter does.
    pub const fn enosys_stub(self) -> EnosysStub {
        match self {
            Self::Docker | Self::Containerd | Self::Runc => EnosysStub::ListedAndNative,
            Self::Docker20 => EnosysStub::Listed,
            Self::CriO | Self::Podman | Self::Crun | Self::Youki => EnosysStub::Never,
        }
    }

    /// How many conditions of a rule its runtime reads; crun passes over those after the sixth
    /// (src/libcrun/seccomp.c, `libcrun_generate_seccomp`).
    pub const fn conditions_read(self) -> usize {
        match self {
            Self::CriO | Self::Podman | Self::Crun => 6,
            Self::Docker | Self::Docker20 | Self::Containerd | Self::Runc | Self::Youki => {
                usize::MAX
            }
        }
    }

    /// The flat profile that it hands to its runtime on `host`.
    pub fn resolve(self, profile: &ConditionalProfile, host: &Host) -> Profile {
        let mut flat = match self.conditions() {
            Conditions::All => profile.resolve(host),
            Conditions::NoKernel => profile.without_min_kernel().resolve(host),
            Conditions::None => profile.unconditionally(),
        };
        if !self.knows_default_errno() && matches!(flat.default_action, Action::Errno(_)) {
            flat.default_action = Action::Errno(super::action::EPERM);
        }
        flat
    }
}

impl Libseccomp {
    /// Every version that differs, oldest first.
    pub const ALL: [Self; 4] = [Self::V2_5_4, Self::V2_5_5, Self::V2_6_0, Self::V2_6_1];

    /// The newest, which knows all names that callsieve does.
    pub const NEWEST: Self = Self::V2_6_1;

    /// The version.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V2_5_4 => "2.5.4",
            Self::V2_5_5 => "2.5.5",
            Self::V2_6_0 => "2.6.0",
            Self::V2_6_1 => "2.6.1",
        }
    }

    /// The oldest version that has `name`; names that libseccomp 2.5.4 or older has, and unknown
    /// ones, are said to be there from the start. By the first column of src/syscalls.csv in each
    /// version.
    pub fn since(name: &str) -> Self {
        match name {
            "cachestat" | "fchmodat2" | "futex_requeue" | "futex_wait" | "futex_wake"
            | "map_shadow_stack" | "riscv_hwprobe" => Self::V2_5_5,
            "atomic_barrier" | "atomic_cmpxchg_32" | "getpagesize" | "getxattrat" | "listmount"
            | "listxattrat" | "lsm_get_self_attr" | "lsm_list_modules" | "lsm_set_self_attr"
            | "mseal" | "removexattrat" | "setxattrat" | "statmount" | "uretprobe" => Self::V2_6_0,
            "file_getattr" | "file_setattr" | "listns" | "open_tree_attr" | "rseq_slice_yield"
            | "uprobe" => Self::V2_6_1,
            _ => Self::V2_5_4,
        }
    }

    /// Whether it has `name`.
    pub fn knows(self, name: &str) -> bool {
        Self::since(name) <= self
    }

    /// Whether it can make a filter for `arch`: loongarch64, m68k and sh came with 2.6.0.
    pub const fn has(self, arch: Arch) -> bool {
        !matches!(arch, Arch::Loongarch64 | Arch::M68k | Arch::Sh | Arch::Sheb)
            || matches!(self, Self::V2_6_0 | Self::V2_6_1)
    }
}

impl View {
    /// Docker of today with a libseccomp that knows every name.
    pub const fn docker(native: Arch) -> Self {
        Self {
            engine: Engine::Docker,
            libseccomp: Libseccomp::NEWEST,
            native,
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Libseccomp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no engine or no version of libseccomp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is none of {}", text.escape_debug(), known.join(", "))]
pub struct UnknownEngine {
    /// The word.
    pub text: String,
    /// What it could be.
    pub known: Vec<&'static str>,
}

impl FromStr for Engine {
    type Err = UnknownEngine;

    fn from_str(text: &str) -> Result<Self, UnknownEngine> {
        Self::ALL
            .into_iter()
            .find(|engine| engine.name() == text)
            .ok_or_else(|| UnknownEngine {
                text: text.to_owned(),
                known: Self::ALL.map(Self::name).to_vec(),
            })
    }
}

impl FromStr for Libseccomp {
    type Err = UnknownEngine;

    fn from_str(text: &str) -> Result<Self, UnknownEngine> {
        Self::ALL
            .into_iter()
            .find(|version| version.name() == text)
            .ok_or_else(|| UnknownEngine {
                text: text.to_owned(),
                known: Self::ALL.map(Self::name).to_vec(),
            })
    }
}
