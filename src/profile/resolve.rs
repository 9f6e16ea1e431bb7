//! Docker's conditions on rules, and which rules a container gets.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::{Action, Capability, Profile, Rule};
use crate::arch::Arch;

/// A profile some rules of which depend on the host and the container.
///
/// The logic is that of `setupSeccomp` in moby/profiles, `seccomp/seccomp_linux.go`; unchanged since
/// Docker 1.13.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionalProfile {
    /// What happens to a call that no rule matches.
    pub default_action: Action,
    /// The architectures, where the profile lists them itself; excludes `arch_map`.
    pub architectures: Vec<Arch>,
    /// For a native architecture, its sub-architectures.
    pub arch_map: Vec<(Arch, Vec<Arch>)>,
    /// In the order of the file.
    pub rules: Vec<ConditionalRule>,
    /// `SECCOMP_FILTER_FLAG_…`
    pub flags: Vec<String>,
}

/// A rule and when it applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionalRule {
    /// The rule.
    pub rule: Rule,
    /// All of these must hold.
    pub includes: Applies,
    /// None of these may hold.
    pub excludes: Applies,
}

/// One side of a rule's conditions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applies {
    /// Capabilities in the container's bounding set.
    pub capabilities: Vec<Capability>,
    /// Docker's names of the daemon's architecture; see [`Arch::docker_name`].
    pub arches: Vec<String>,
    /// The oldest kernel.
    pub min_kernel: Option<KernelVersion>,
}

/// The first two numbers of a kernel release, all that Docker looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KernelVersion {
    /// 6 of 6.18.
    pub major: u8,
    /// 18 of 6.18.
    pub minor: u8,
}

/// Where a container runs and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The architecture of the engine.
    pub native: Arch,
    /// The container's bounding set.
    pub capabilities: BTreeSet<Capability>,
    /// The kernel.
    pub kernel: KernelVersion,
}

impl ConditionalProfile {
    /// The rules that a container on `host` gets, in the order of the file.
    pub fn resolve(&self, host: &Host) -> Profile {
        let architectures = if self.arch_map.is_empty() {
            self.architectures.clone()
        } else {
            self.arch_map
                .iter()
                .filter(|_| finds_its_row(host.native))
                .find(|(arch, _)| *arch == host.native)
                .map(|(arch, subs)| std::iter::once(*arch).chain(subs.iter().copied()).collect())
                .unwrap_or_default()
        };
        Profile {
            default_action: self.default_action,
            architectures,
            rules: self
                .rules
                .iter()
                .filter(|rule| rule.applies(host))
                .map(|rule| rule.rule.clone())
                .collect(),
            flags: self.flags.clone(),
        }
    }

    /// What an engine reads that does not know `minKernel`.
    #[must_use]
    pub fn without_min_kernel(&self) -> Self {
        let mut profile = self.clone();
        for rule in &mut profile.rules {
            rule.includes.min_kernel = None;
            rule.excludes.min_kernel = None;
        }
        profile
    }

    /// What an engine reads that knows no conditions: every rule applies, and only the
    /// architectures that the profile lists itself count.
    pub fn unconditionally(&self) -> Profile {
        Profile {
            default_action: self.default_action,
            architectures: self.architectures.clone(),
            rules: self.rules.iter().map(|rule| rule.rule.clone()).collect(),
            flags: self.flags.clone(),
        }
    }
}

/// Whether a daemon on `native` finds its own row of an `archMap`; one that does not has a
/// filter for its native architecture alone.
///
/// Docker looks the row up in a table (`nativeToSeccomp` in moby/profiles,
/// `seccomp/seccomp_linux.go`) the keys of which differ from what it looks for in two places: `loong64`
/// for `loongarch64` and `mipsle` for `mipsel`.
fn finds_its_row(native: Arch) -> bool {
    native.docker_name().is_some() && !matches!(native, Arch::Loongarch64 | Arch::Mipsel)
}

impl ConditionalRule {
    /// Whether a container on `host` gets the rule.
    pub fn applies(&self, host: &Host) -> bool {
        let native = |arches: &[String]| {
            host.native
                .docker_name()
                .is_some_and(|name| arches.iter().any(|a| a == name))
        };
        let has = |capability: &Capability| host.capabilities.contains(capability);
        let excluded = native(&self.excludes.arches)
            || self.excludes.capabilities.iter().any(has)
            || self
                .excludes
                .min_kernel
                .is_some_and(|min| host.kernel >= min);
        let included = (self.includes.arches.is_empty() || native(&self.includes.arches))
            && self.includes.capabilities.iter().all(has)
            && self
                .includes
                .min_kernel
                .is_none_or(|min| host.kernel >= min);
        included && !excluded
    }
}

impl fmt::Display for KernelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Text that is no kernel version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no kernel version of the form 6.18", text.escape_debug())]
pub struct BadKernelVersion {
    /// The text.
    pub text: String,
}

/// Exactly two numbers below 256 and not 0.0; Docker refuses anything else too (moby/profiles,
/// seccomp/seccomp.go, `KernelVersion.UnmarshalJSON`).
impl FromStr for KernelVersion {
    type Err = BadKernelVersion;

    fn from_str(text: &str) -> Result<Self, BadKernelVersion> {
        let digits = |part: &str| -> Option<u8> {
            part.bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| part.parse().ok())?
        };
        text.split_once('.')
            .and_then(|(major, minor)| {
                Some(Self {
                    major: digits(major)?,
                    minor: digits(minor)?,
                })
            })
            .filter(|version| (version.major, version.minor) != (0, 0))
            .ok_or_else(|| BadKernelVersion {
                text: text.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_versions() {
        let parse = |text: &str| text.parse::<KernelVersion>().ok().map(|v| v.to_string());
        assert_eq!(parse("6.18").as_deref(), Some("6.18"));
        for bad in [
            "", "6", "6.", ".6", "6.18.1", "0.0", "+6.1", "256.1", "6.18-rc1",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn rows_that_docker_misses() {
        let map = [Arch::X86_64, Arch::Loongarch64, Arch::Mipsel].map(|arch| (arch, Vec::new()));
        let profile = ConditionalProfile {
            default_action: Action::Allow,
            architectures: Vec::new(),
            arch_map: map.to_vec(),
            rules: Vec::new(),
            flags: Vec::new(),
        };
        let architectures = |native| {
            let host = Host {
                native,
                capabilities: BTreeSet::new(),
                kernel: KernelVersion {
                    major: 6,
                    minor: 18,
                },
            };
            profile.resolve(&host).architectures
        };
        assert_eq!(architectures(Arch::X86_64), [Arch::X86_64]);
        assert_eq!(architectures(Arch::Loongarch64), []);
        assert_eq!(architectures(Arch::Mipsel), []);
        assert_eq!(architectures(Arch::Ppc64le), []);
    }
}
