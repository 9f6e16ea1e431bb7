//! What a profile says: rules, conditions and actions, free of any file format.
//!
//! A [`Profile`] is flat: what an engine hands to libseccomp once it has decided which rules
//! apply. A [`ConditionalProfile`] is Docker's form, in which rules depend on the capabilities of
//! the container, the architecture of the daemon and the kernel; [`ConditionalProfile::resolve`]
//! makes the one from the other.

pub mod action;
pub mod answer;
mod assembled;
pub mod build;
mod call_rules;
pub mod capability;
mod chains;
mod compare;
pub mod containerd_default;
pub mod decision;
pub mod diff;
pub mod docker_default;
pub mod engine;
pub mod eval;
pub mod floor;
pub mod flow;
pub mod implied;
pub mod podman_default;
pub mod policy;
pub mod program;
mod read_off;
pub mod recover;
pub mod resolve;
mod stated;

use crate::arch::Arch;
use crate::syscalls::SyscallName;

pub use action::Action;
pub use capability::Capability;
pub use containerd_default::containerd_default;
pub use docker_default::{DockerRelease, docker_default};
pub use engine::{Engine, Libseccomp, View};
pub use podman_default::podman_default;
pub use resolve::{Applies, ConditionalProfile, ConditionalRule, Host, KernelVersion};

/// A flat profile, valid for the architectures it lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What happens to a call that no rule matches.
    pub default_action: Action,
    /// The architectures the filter is made for, besides the engine's own, which always is; a
    /// call of any other kills the thread.
    pub architectures: Vec<Arch>,
    /// In the order of the file, which decides between rules that contradict each other.
    pub rules: Vec<Rule>,
    /// `SECCOMP_FILTER_FLAG_…`, passed on to the kernel by those engines that know the field.
    pub flags: Vec<String>,
}

/// What happens to some system calls, perhaps only with certain arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The calls.
    pub names: Vec<SyscallName>,
    /// The answer.
    pub action: Action,
    /// All must hold, but for two on the same argument, of which engines make two rules; see
    /// [`Rule::alternatives`].
    pub conditions: Vec<Condition>,
    /// Ignored by every engine, read by people.
    pub comment: Option<String>,
}

/// A test of one argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    /// Which argument.
    pub arg: ArgIndex,
    /// What is asked of its 64 bits.
    pub test: Test,
}

/// The position of an argument, 0 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArgIndex(u8);

impl ArgIndex {
    /// How many arguments a system call has at most.
    pub const COUNT: usize = 6;

    /// The argument at `index`, or `None` from 6 on.
    pub const fn new(index: u8) -> Option<Self> {
        if index < 6 { Some(Self(index)) } else { None }
    }

    /// The position.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// A comparison of an argument, unsigned and over all 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Test {
    /// `SCMP_CMP_NE`
    NotEqual(u64),
    /// `SCMP_CMP_LT`
    Less(u64),
    /// `SCMP_CMP_LE`
    LessOrEqual(u64),
    /// `SCMP_CMP_EQ`
    Equal(u64),
    /// `SCMP_CMP_GE`
    GreaterOrEqual(u64),
    /// `SCMP_CMP_GT`
    Greater(u64),
    /// `SCMP_CMP_MASKED_EQ`: `argument & mask == expected`. In JSON the mask is `value` and
    /// what is expected is `valueTwo`.
    MaskedEqual {
        /// Which bits are looked at.
        mask: u64,
        /// What they must be.
        expected: u64,
    },
}

impl Test {
    /// The operator, the value and, where there is one, the second value that say it in a profile.
    pub const fn scmp(self) -> (&'static str, u64, Option<u64>) {
        match self {
            Self::NotEqual(value) => ("SCMP_CMP_NE", value, None),
            Self::Less(value) => ("SCMP_CMP_LT", value, None),
            Self::LessOrEqual(value) => ("SCMP_CMP_LE", value, None),
            Self::Equal(value) => ("SCMP_CMP_EQ", value, None),
            Self::GreaterOrEqual(value) => ("SCMP_CMP_GE", value, None),
            Self::Greater(value) => ("SCMP_CMP_GT", value, None),
            Self::MaskedEqual { mask, expected } => ("SCMP_CMP_MASKED_EQ", mask, Some(expected)),
        }
    }

    /// Whether an argument passes.
    pub const fn holds(self, argument: u64) -> bool {
        match self {
            Self::NotEqual(value) => argument != value,
            Self::Less(value) => argument < value,
            Self::LessOrEqual(value) => argument <= value,
            Self::Equal(value) => argument == value,
            Self::GreaterOrEqual(value) => argument >= value,
            Self::Greater(value) => argument > value,
            Self::MaskedEqual { mask, expected } => argument & mask == expected,
        }
    }
}

impl Rule {
    /// A rule without conditions.
    pub fn unconditional(names: Vec<SyscallName>, action: Action) -> Self {
        Self {
            names,
            action,
            conditions: Vec::new(),
            comment: None,
        }
    }

    /// The conjunctions of which one must hold. One, but where two conditions look at the same
    /// argument: runc (`libcontainer/seccomp/seccomp_linux.go`), crun (src/libcrun/seccomp.c) and
    /// youki then make a rule of each condition.
    /// Of the conditions the first `read` count.
    pub fn alternatives(&self, read: usize) -> Vec<Vec<Condition>> {
        let conditions = self.conditions.get(..read).unwrap_or(&self.conditions);
        let mut used = [false; ArgIndex::COUNT];
        for condition in conditions {
            if let Some(seen) = used.get_mut(usize::from(condition.arg.get())) {
                if *seen {
                    return conditions.iter().map(|c| vec![*c]).collect();
                }
                *seen = true;
            }
        }
        vec![conditions.to_vec()]
    }
}
