//! Docker's default profile, every release since 20.10.0.
//!
//! Stated once: `rules` has each rule with the releases of each name, `when` those sets of
//! releases, `release` which releases there are. Sources are profiles/seccomp/default.json of
//! moby/moby (`v20.10.0` to `v28.5.2`) and seccomp/default.json of moby/profiles
//! (`seccomp/v0.1.0` in 29.0.0 to 29.4.1, `v0.2.2` in 29.4.2, `v0.2.3` from 29.4.3 on, by moby's
//! go.mod at each tag).

mod history;
mod names;
mod release;
mod rules;
mod when;

use self::rules::{Filter, RULES, RuleHistory};
use self::when::{ALWAYS, RISCV64_FOUND, SINCE_29_4_2, When};
use super::{Action, Applies, ConditionalProfile, ConditionalRule, Rule};
use crate::arch::Arch;
use crate::syscalls::SyscallName;

pub use self::history::{Era, history};
pub use self::release::{DockerRelease, UnknownDockerRelease};

/// The rows of `archMap` in the order of the file. There is none for ppc64le and the 32-bit
/// architectures: a daemon there makes a filter for its own architecture alone.
const ARCH_MAP: [(Arch, When); 9] = [
    (Arch::X86_64, ALWAYS),
    (Arch::Aarch64, ALWAYS),
    (Arch::Mips64, ALWAYS),
    (Arch::Mips64n32, ALWAYS),
    (Arch::Mipsel64, ALWAYS),
    (Arch::Mipsel64n32, ALWAYS),
    (Arch::S390x, ALWAYS),
    (Arch::Riscv64, RISCV64_FOUND),
    // No daemon finds it; see `ConditionalProfile::resolve`.
    (Arch::Loongarch64, SINCE_29_4_2),
];

/// The default profile of a release, with EPERM for what no rule allows. Rules are in the order
/// of the file, the names of each sorted.
///
/// It says what the daemon of that release does, which on riscv64 is not what its file says:
/// before 23.0.16 and 25.0.7, in 24.0 and from 26.0.0 to 27.2.1 the daemon did not recognise
/// riscv64, so rule and row of that architecture are left out.
pub fn docker_default(release: DockerRelease) -> ConditionalProfile {
    ConditionalProfile {
        default_action: Action::Errno(super::action::EPERM),
        architectures: Vec::new(),
        arch_map: ARCH_MAP
            .iter()
            .filter(|(_, when)| when::contains(when, release))
            .map(|(arch, _)| (*arch, arch.sub_architectures().to_vec()))
            .collect(),
        rules: RULES
            .iter()
            .filter_map(|history| history.at(release))
            .collect(),
        flags: Vec::new(),
    }
}

impl RuleHistory {
    /// The rule as `release` has it, or `None` if it does not.
    fn at(&self, release: DockerRelease) -> Option<ConditionalRule> {
        let mut names: Vec<_> = self.names_at(release).map(SyscallName::known).collect();
        names.sort_unstable();
        (!names.is_empty()).then(|| self.with(names))
    }

    /// The rule as `release` has it about one name alone, or `None` if it does not name it.
    fn about(&self, name: &str, release: DockerRelease) -> Option<ConditionalRule> {
        let known = self.names_at(release).find(|known| *known == name)?;
        Some(self.with(vec![SyscallName::known(known)]))
    }

    /// The names in it, in no order.
    fn names_at(&self, release: DockerRelease) -> impl Iterator<Item = &'static str> {
        let old = self.names.iter().map(|name| (*name, self.when));
        let changed = self.changes.iter().map(|(name, when)| (*name, *when));
        old.chain(changed)
            .filter(move |(_, when)| when::contains(when, release))
            .map(|(name, _)| name)
    }

    fn with(&self, names: Vec<SyscallName>) -> ConditionalRule {
        ConditionalRule {
            rule: Rule {
                names,
                action: self.action,
                conditions: self.condition.into_iter().collect(),
                comment: self.comment.map(str::to_owned),
            },
            includes: self.includes.to_applies(),
            excludes: self.excludes.to_applies(),
        }
    }
}

impl Filter {
    fn to_applies(&self) -> Applies {
        Applies {
            capabilities: self.capabilities.to_vec(),
            arches: self.arches.iter().map(|&arch| arch.to_owned()).collect(),
            min_kernel: self.min_kernel,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rule_has_a_name_twice() {
        for release in DockerRelease::all() {
            for rule in docker_default(release).rules {
                let names = &rule.rule.names;
                assert!(
                    names.windows(2).all(|w| w[0] < w[1]),
                    "{release}: {names:?}"
                );
            }
        }
    }

    /// What is said of lines and of snapshots agrees: the profile changes at a snapshot and
    /// nowhere else, but for riscv64.
    #[test]
    fn changes_are_at_the_snapshots() {
        let strip = |release| {
            let mut profile = docker_default(release);
            profile.arch_map.retain(|(arch, _)| *arch != Arch::Riscv64);
            profile
                .rules
                .retain(|rule| rule.includes.arches != ["riscv64"]);
            profile
        };
        let snapshots: Vec<_> = DockerRelease::known_snapshots().collect();
        let mut before = None;
        for release in DockerRelease::all() {
            let profile = strip(release);
            if let Some(before) = before {
                assert_eq!(snapshots.contains(&release), before != profile, "{release}");
            }
            before = Some(profile);
        }
    }
}
