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
