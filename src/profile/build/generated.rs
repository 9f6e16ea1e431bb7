//! A profile with the reasons for what is in it and what is not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Options;
use crate::arch::Arch;
use crate::event::CallId;
use crate::profile::floor::Needed;
use crate::profile::{Action, Profile};
use crate::syscalls::SyscallName;

/// A profile and all that is known about how it came to be.
#[derive(Debug, Clone)]
pub struct Generated {
    /// The profile.
    pub profile: Profile,
    /// The architecture of the engine it is for.
    pub native: Arch,
    /// What the base gives such a container.
    pub base: Option<Profile>,
    /// Why each name is in it.
    pub reasons: BTreeMap<SyscallName, Vec<Reason>>,
    /// Observed calls that are not in it.
    pub left_out: Vec<LeftOut>,
    /// Allowed calls that never succeeded in the recording, per architecture.
    pub never_succeeded: Vec<(Arch, SyscallName)>,
    /// What became of the older profile, if there is one.
    pub kept: Option<Kept>,
}

/// What became of what an older profile permits and no run shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Complete runs on machines that the profile is for.
    pub runs: usize,
    /// What was dropped, as enough runs do not show it.
    pub pruned: BTreeSet<SyscallName>,
}

impl Generated {
    /// Names that the profile has for the runtime's sake alone, with the reason.
    pub fn floor_only(&self) -> impl Iterator<Item = (&SyscallName, &Needed)> {
        self.reasons.iter().filter_map(|(name, reasons)| {
            let mut needed = None;
            for reason in reasons {
                match reason {
                    Reason::Floor(floor) => needed = Some(floor),
                    // That a rule is the base's says how it is allowed, not why.
                    Reason::Base(_) => {}
                    Reason::Observed { .. }
                    | Reason::Implied(_)
                    | Reason::Instead(_)
                    | Reason::Asked(_)
                    | Reason::Kept(_)
                    | Reason::Probed => return None,
                }
            }
            needed.map(|needed| (name, needed))
        })
    }

    /// Names that the profile would lack if the container ran with no-new-privileges; none if it
    /// does.
    pub fn saved_by_no_new_privileges(&self, options: &Options) -> Vec<&SyscallName> {
        // Of what recordings tell nobody knows it.
        if options.no_new_privileges || !options.recorded_floor.is_empty() {
            return Vec::new();
        }
        let needed: BTreeSet<&str> = options
            .floor
            .calls(self.native, true)
            .map(|(name, _)| name)
            .collect();
        self.floor_only()
            .map(|(name, _)| name)
            .filter(|name| !needed.contains(name.as_str()))
            .collect()
    }
}

/// Why a name is in a profile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A program made the call.
    Observed {
        /// On which architecture.
        arch: Arch,
        /// How often.
        calls: u64,
        /// In how many runs.
        runs: usize,
        /// By which programs.
        by: Vec<String>,
        /// File and line of the first.
        first: (String, u64),
        /// It may have been the call beside it.
        either: bool,
    },
    /// The runtime makes the call between loading the filter and the program's start.
    Floor(Needed),
    /// Every program needs it.
    Implied(&'static str),
    /// Programs call it where this one is answered ENOSYS.
    Instead(&'static str),
    /// The user asked for it, for this reason.
    Asked(String),
    /// An older profile permits it.
    Kept(String),
    /// Its argument rule is that of the base.
    Base(String),
    /// It is refused with ENOSYS, on which its callers fall back.
    Probed,
}

/// An observed call that is not in the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// On which architecture.
    pub arch: Arch,
    /// The call.
    pub call: CallId,
    /// Why not.
    pub why: Why,
    /// How often it was seen.
    pub calls: u64,
    /// By which programs.
    pub by: Vec<String>,
}

/// Why an observed call is not in the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The base refuses it, with this answer.
    Refused(Action),
    /// The base allows it for some arguments by rules that can't be carried over.
    NotCarried,
    /// No architecture has a call of this name, so engines would ignore it.
    UnknownName,
    /// It has no name, so a profile can't name it.
    UnknownNumber,
    /// The base does not list the architecture, so it kills the process.
    ArchRefused,
    /// These observed argument values are outside the base's rule.
    Values(Vec<u64>),
    /// The user denied it, for this reason.
    Denied(String),
    /// An older profile permits more of it than the base.
    KeptBeyond,
}

/// For people, in half a line.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Observed {
                arch,
                calls,
                first: (file, line),
                ..
            } => {
                let times = match calls {
                    1 => "once".to_owned(),
                    calls => format!("{calls} times"),
                };
                write!(
                    f,
                    "seen {times} on {arch}, first at {}:{line}",
                    file.escape_debug()
                )
            }
            Self::Floor(needed) => needed.fmt(f),
            Self::Implied(why) => f.write_str(why),
            Self::Instead(name) => write!(f, "called where {name} is answered ENOSYS"),
            Self::Asked(reason) => write!(f, "asked for: {}", reason.escape_debug()),
            Self::Kept(profile) => write!(f, "kept from {}", profile.escape_debug()),
            Self::Base(base) => write!(f, "argument rule of {base}"),
            Self::Probed => f.write_str("refused with ENOSYS, on which callers fall back"),
        }
    }
}
