//! Capabilities, by the names that capabilities(7) and Docker give them.

use std::fmt;
use std::str::FromStr;

/// A capability, `CAP_…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capability(&'static str);

/// Every capability of Linux 6.18, in the order of include/uapi/linux/capability.h.
const NAMES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// What Docker gives a container that is not told otherwise (moby/moby,
/// daemon/pkg/oci/caps/defaults.go).
const DOCKER_DEFAULT: [&str; 14] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE",
];

impl Capability {
    /// `CAP_AUDIT_WRITE`
    pub const AUDIT_WRITE: Self = Self("CAP_AUDIT_WRITE");
    /// `CAP_BPF`
    pub const BPF: Self = Self("CAP_BPF");
    /// `CAP_DAC_READ_SEARCH`
    pub const DAC_READ_SEARCH: Self = Self("CAP_DAC_READ_SEARCH");
    /// `CAP_PERFMON`
    pub const PERFMON: Self = Self("CAP_PERFMON");
    /// `CAP_SYS_ADMIN`
    pub const SYS_ADMIN: Self = Self("CAP_SYS_ADMIN");
    /// `CAP_SYS_BOOT`
    pub const SYS_BOOT: Self = Self("CAP_SYS_BOOT");
    /// `CAP_SYS_CHROOT`
    pub const SYS_CHROOT: Self = Self("CAP_SYS_CHROOT");
    /// `CAP_SYS_MODULE`
    pub const SYS_MODULE: Self = Self("CAP_SYS_MODULE");
    /// `CAP_SYS_NICE`
    pub const SYS_NICE: Self = Self("CAP_SYS_NICE");
    /// `CAP_SYS_PACCT`
    pub const SYS_PACCT: Self = Self("CAP_SYS_PACCT");
    /// `CAP_SYS_PTRACE`
    pub const SYS_PTRACE: Self = Self("CAP_SYS_PTRACE");
    /// `CAP_SYS_RAWIO`
    pub const SYS_RAWIO: Self = Self("CAP_SYS_RAWIO");
    /// `CAP_SYS_TIME`
    pub const SYS_TIME: Self = Self("CAP_SYS_TIME");
    /// `CAP_SYS_TTY_CONFIG`
    pub const SYS_TTY_CONFIG: Self = Self("CAP_SYS_TTY_CONFIG");
    /// `CAP_SYSLOG`
    pub const SYSLOG: Self = Self("CAP_SYSLOG");

    /// The name, with `CAP_`.
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// Every capability.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.into_iter().map(Self)
    }

    /// The capability with exactly this name, as Docker compares it in a profile.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.into_iter().find(|known| *known == name).map(Self)
    }

    /// What Docker gives a container that is not told otherwise.
    pub fn docker_default() -> impl Iterator<Item = Self> {
        DOCKER_DEFAULT.into_iter().map(Self)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

/// A name that is no capability's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown capability `{}`", name.escape_debug())]
pub struct UnknownCapability {
    /// The name that was given.
    pub name: String,
}

/// With or without `CAP_`, in any case, as `docker run --cap-add` takes it.
impl FromStr for Capability {
    type Err = UnknownCapability;

    fn from_str(text: &str) -> Result<Self, UnknownCapability> {
        let upper = text.to_ascii_uppercase();
        let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
        NAMES
            .into_iter()
            .find(|name| name.strip_prefix("CAP_") == Some(bare))
            .map(Self)
            .ok_or_else(|| UnknownCapability {
                name: text.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_and_the_default_are_capabilities() {
        let constants = [
            Capability::AUDIT_WRITE,
            Capability::BPF,
            Capability::DAC_READ_SEARCH,
            Capability::PERFMON,
            Capability::SYS_ADMIN,
            Capability::SYS_BOOT,
            Capability::SYS_CHROOT,
            Capability::SYS_MODULE,
            Capability::SYS_NICE,
            Capability::SYS_PACCT,
            Capability::SYS_PTRACE,
            Capability::SYS_RAWIO,
            Capability::SYS_TIME,
            Capability::SYS_TTY_CONFIG,
            Capability::SYSLOG,
        ];
        for capability in constants.into_iter().chain(Capability::docker_default()) {
            assert_eq!(Capability::from_name(capability.name()), Some(capability));
        }
    }

    #[test]
    fn a_profile_needs_the_whole_name_and_a_person_does_not() {
        assert_eq!(Capability::from_name("SYS_ADMIN"), None);
        assert_eq!("sys_admin".parse(), Ok(Capability::SYS_ADMIN));
    }
}
