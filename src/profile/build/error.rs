//! Why no profile could be made.

use std::collections::BTreeSet;

use crate::arch::Arch;
use crate::profile::diff::DiffError;
use crate::syscalls::SyscallName;

/// Why no profile could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The recording has no calls.
    #[error("the recording has no calls")]
    Empty,
    /// No engine runs all of these.
    #[error("no machine runs {} together", list(arches))]
    Mixed {
        /// The architectures.
        arches: BTreeSet<Arch>,
    },
    /// The recording has nothing of an architecture that was asked for.
    #[error("the recording has no calls of {arch}, but of {}", list(have))]
    NotRecorded {
        /// The architecture.
        arch: Arch,
        /// What it has.
        have: BTreeSet<Arch>,
    },
    /// The profile would permit what the base refuses. This is the last check before a profile
    /// leaves this module; that it fails is a fault of callsieve, or of a base for other machines.
    #[error("the profile would permit what {base} refuses: {what}")]
    Weaker {
        /// The name of the base.
        base: String,
        /// What it would permit.
        what: String,
    },
    /// The base can't be compared with the profile.
    #[error(transparent)]
    Diff(#[from] DiffError),
    /// A call that every container needs is denied.
    #[error("`{name}` can't be denied: {why}")]
    Needed {
        /// The name.
        name: SyscallName,
        /// Why it is needed.
        why: String,
    },
    /// A call is allowed and denied.
    #[error("`{name}` is both allowed and denied")]
    AllowedAndDenied {
        /// The name.
        name: SyscallName,
    },
    /// A call is denied, but another that must be allowed lets it through.
    #[error("`{name}` can't be denied on {arch}: calls that go through it are allowed")]
    StillPermitted {
        /// The name.
        name: SyscallName,
        /// The architecture.
        arch: Arch,
    },
    /// An older profile permits whatever it does not name.
    #[error("nothing can be kept of {old}: it permits what it does not name")]
    KeepsEverything {
        /// The name of the older profile.
        old: String,
    },
    /// An older profile is for other machines, too.
    #[error("{old} lists {arch}, which no machine runs together with {native}")]
    KeepsOther {
        /// The name of the older profile.
        old: String,
        /// The architecture that it lists.
        arch: Arch,
        /// The architecture of the new one.
        native: Arch,
    },
    /// No flat profile permits both.
    #[error("what {old} permits of {what} can't be said together with what was observed")]
    NotKept {
        /// The name of the older profile.
        old: String,
        /// The call and the architecture.
        what: String,
    },
    /// A name that the user gave exists nowhere.
    #[error("unknown system call `{name}`")]
    UnknownSyscall {
        /// The name.
        name: SyscallName,
    },
}

fn list(arches: &BTreeSet<Arch>) -> String {
    arches
        .iter()
        .map(|arch| arch.name())
        .collect::<Vec<_>>()
        .join(", ")
}
