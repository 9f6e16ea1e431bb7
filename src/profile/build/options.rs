//! How a profile is to be made.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use crate::arch::Arch;
use crate::profile::action::EPERM;
use crate::profile::floor::{Needed, RuntimeFloor};
use crate::profile::{Action, Capability, ConditionalProfile, KernelVersion};
use crate::syscalls::SyscallName;

/// How a profile is to be made.
#[derive(Debug, Clone)]
pub struct Options {
    /// The architectures, or none for those of the recording.
    pub arches: BTreeSet<Arch>,
    /// The profile that the result is never weaker than.
    pub base: Option<Base>,
    /// The capabilities of the container, on which the base depends.
    pub capabilities: BTreeSet<Capability>,
    /// The kernel of the host, on which the base depends.
    pub kernel: KernelVersion,
    /// Which runtimes it is to start under.
    pub floor: RuntimeFloor,
    /// What runtimes need beside that, as recordings tell.
    pub recorded_floor: BTreeMap<SyscallName, Needed>,
    /// The container is started with no-new-privileges.
    pub no_new_privileges: bool,
    /// Calls to allow whatever the base says, each with a reason.
    pub allow: BTreeMap<SyscallName, String>,
    /// Calls to allow as far as the base does, as if they had been observed, each with a reason.
    pub also: BTreeMap<SyscallName, String>,
    /// Calls to refuse even if they were observed, each with a reason.
    pub deny: BTreeMap<SyscallName, String>,
    /// An older profile, of which the result keeps what it permits.
    pub keep: Option<Keep>,
    /// What happens to other calls.
    pub default: DefaultAction,
    /// Narrow the base's argument rules to the values that were observed.
    pub observed_arguments: bool,
}

/// The profile that a result is never weaker than.
#[derive(Debug, Clone)]
pub struct Base {
    /// Its name, for people.
    pub name: String,
    /// What it says.
    pub profile: ConditionalProfile,
}

/// An older profile, of which a new one keeps what it permits. What the base refuses is not kept.
#[derive(Debug, Clone)]
pub struct Keep {
    /// Its name, for people.
    pub name: String,
    /// What it says.
    pub profile: ConditionalProfile,
    /// Keep nothing if at least this many complete runs, on machines that the profile is for, do
    /// not show it.
    pub prune_after: Option<NonZeroUsize>,
}

/// What happens to calls that a profile does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultAction {
    /// They fail with EPERM, as under Docker's default.
    Errno,
    /// They kill the process.
    KillProcess,
    /// They are carried out and logged.
    Log,
}

impl DefaultAction {
    /// What a profile says of it.
    pub(super) const fn action(self) -> Action {
        match self {
            Self::Errno => Action::Errno(EPERM),
            Self::KillProcess => Action::KillProcess,
            Self::Log => Action::Log,
        }
    }
}
