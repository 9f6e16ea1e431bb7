//! How the default profiles of Podman and containerd are put down: rules, and what each depends on.

use super::{
    Action, Applies, ArgIndex, Capability, Condition, ConditionalRule, KernelVersion, Rule, Test,
};
use crate::syscalls::SyscallName;

/// No new namespace: `CLONE_NEWNS`, `NEWCGROUP`, `NEWUTS`, `NEWIPC`, `NEWUSER`, `NEWPID`,
/// `NEWNET`.
pub(super) const NO_NAMESPACE: Test = Test::MaskedEqual {
    mask: 0x7e02_0000,
    expected: 0,
};

/// The execution domains that every engine allows: `PER_LINUX`, `PER_LINUX32`, `UNAME26`, both of
/// the latter, and the value that only asks; include/uapi/linux/personality.h.
pub(super) const DOMAINS: [u64; 5] = [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/// These calls get `action`.
pub(super) fn rule(action: Action, names: &[&'static str]) -> ConditionalRule {
    let mut names: Vec<_> = names.iter().map(|name| SyscallName::known(name)).collect();
    names.sort_unstable();
    ConditionalRule {
        rule: Rule::unconditional(names, action),
        includes: Applies::default(),
        excludes: Applies::default(),
    }
}

/// These calls are allowed.
pub(super) fn allow(names: &[&'static str]) -> ConditionalRule {
    rule(Action::Allow, names)
}

/// These calls fail with `errno`.
pub(super) fn refuse(errno: u16, names: &[&'static str]) -> ConditionalRule {
    rule(Action::Errno(errno), names)
}

impl ConditionalRule {
    /// Only where the argument at `index` passes, besides what was said of others.
    pub(super) fn only_if(mut self, index: ArgIndex, test: Test) -> Self {
        self.rule.conditions.push(Condition { arg: index, test });
        self
    }

    /// Only with this capability.
    pub(super) fn with(mut self, capability: Capability) -> Self {
        self.includes.capabilities.push(capability);
        self
    }

    /// Only without this capability.
    pub(super) fn without(mut self, capability: Capability) -> Self {
        self.excludes.capabilities.push(capability);
        self
    }

    /// Only on engines of these architectures, by Docker's names.
    pub(super) fn on(mut self, arches: &[&str]) -> Self {
        self.includes.arches = arches.iter().map(|&arch| arch.to_owned()).collect();
        self
    }

    /// Only on engines of other architectures.
    pub(super) fn not_on(mut self, arches: &[&str]) -> Self {
        self.excludes.arches = arches.iter().map(|&arch| arch.to_owned()).collect();
        self
    }

    /// Only from this kernel on.
    pub(super) const fn since(mut self, kernel: KernelVersion) -> Self {
        self.includes.min_kernel = Some(kernel);
        self
    }
}
