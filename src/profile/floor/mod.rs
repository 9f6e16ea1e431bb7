//! The runtime's floor: calls that the container runtime itself makes between loading the filter
//! and the execve of the program.
//!
//! Without no-new-privileges the filter is loaded before capabilities and user are changed, so
//! more calls come after it. The floor is a table (`table`) of what was measured; `symptoms` has what
//! engines say when some of it is refused.

mod chosen;
mod elsewhere;
mod recorded;
mod symptoms;
mod table;
mod version;

use std::fmt;

pub use chosen::{RuntimeFloor, UnknownFloor};
pub use recorded::recorded;
pub use symptoms::{Symptom, explain, symptoms};
pub use table::Row;
pub use version::{NoVersion, Version};

/// A program that starts containers, or the program in a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Runtime {
    /// runc, which Docker and containerd use.
    Runc,
    /// crun, which Podman and CRI-O use.
    Crun,
    /// youki.
    Youki,
    /// docker-init, which is tini: the first process of `docker run --init`.
    DockerInit,
}

/// What a runtime does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It starts a container.
    Start,
    /// It runs a further program in one: `docker exec`, `kubectl exec`, probes.
    Exec,
    /// It is the container's first process.
    Init,
}

/// How it is known that a runtime makes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// Nothing starts when it fails with EPERM.
    Required,
    /// It was seen.
    Observed,
    /// Timing decides whether it is made, so it is in whatever a trace shows.
    Flaky,
    /// It is tried, and the runtime does without: not for a profile.
    Tried,
}

/// Which versions of a runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All that were measured.
    Any,
    /// One, or one series.
    Only(Version),
}

/// Why a call is in the floor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Needed {
    /// The runtimes, with their version where one was named.
    pub by: Vec<String>,
    /// What they do then; the first of several.
    pub phase: Phase,
    /// How it is known; the strongest of several.
    pub evidence: Evidence,
}

/// All rows of the table.
pub const fn rows() -> &'static [Row] {
    table::ROWS
}

impl Row {
    /// Its calls with their evidence, on `x86_64`.
    pub fn calls(&self) -> impl Iterator<Item = (&'static str, Evidence)> {
        let all = |names: &'static [&'static str], evidence| {
            names.iter().map(move |name| (*name, evidence))
        };
        all(self.required, Evidence::Required)
            .chain(all(self.observed, Evidence::Observed))
            .chain(all(self.flaky, Evidence::Flaky))
            .chain(all(self.tried, Evidence::Tried))
    }

    /// Whether it holds for such versions.
    pub fn holds_for(&self, which: Which) -> bool {
        match which {
            Which::Any => true,
            Which::Only(version) => self
                .versions
                .iter()
                .any(|(from, until)| version.meets(*from, *until)),
        }
    }

    /// The versions for which it holds, for people: `1.2.0 to before 1.2.8, from 1.3.3`.
    pub fn versions(&self) -> String {
        let number = |(major, minor, patch): (u32, u32, u32)| format!("{major}.{minor}.{patch}");
        let ranges = self.versions.iter().map(|(from, until)| match until {
            Some(until) => format!("{} to before {}", number(*from), number(*until)),
            None => format!("from {}", number(*from)),
        });
        ranges.collect::<Vec<_>>().join(", ")
    }
}

/// The rows of a runtime's versions for one phase. Versions that were not measured have all rows.
pub fn rows_for(
    runtime: Runtime,
    which: Which,
    phase: Phase,
    no_new_privileges: bool,
) -> Vec<&'static Row> {
    let alike = rows().iter().filter(|row| {
        row.runtime == runtime && row.phase == phase && row.no_new_privileges == no_new_privileges
    });
    let all: Vec<&Row> = alike.collect();
    let held: Vec<&Row> = all
        .iter()
        .copied()
        .filter(|row| row.holds_for(which))
        .collect();
    if held.is_empty() { all } else { held }
}

impl Which {
    /// Both: all of them, where they are not the same.
    fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::Any }
    }
}

impl Needed {
    /// Another row has it too. What is said is of the first phase that needs it.
    fn add(&mut self, by: &str, phase: Phase, evidence: Evidence) {
        if phase == self.phase {
            if !self.by.iter().any(|known| known == by) {
                self.by.push(by.to_owned());
            }
            self.evidence = self.evidence.min(evidence);
        }
    }
}

/// `runc`, or `runc 1.1.5`.
fn called(runtime: Runtime, which: Which) -> String {
    match which {
        Which::Any => runtime.to_string(),
        Which::Only(version) => format!("{runtime} {version}"),
    }
}

/// For people, in half a line.
impl fmt::Display for Needed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = self.by.join("+");
        match self.phase {
            Phase::Start => write!(f, "needed by {by} to start a container")?,
            Phase::Exec => write!(f, "needed by {by} to run a program in a container")?,
            Phase::Init => write!(f, "needed by {by} as the first process")?,
        }
        match self.evidence {
            Evidence::Required => Ok(()),
            Evidence::Observed | Evidence::Tried => f.write_str(" (observed)"),
            Evidence::Flaky => f.write_str(" (now and then)"),
        }
    }
}

impl Runtime {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Runc, Self::Crun, Self::Youki, Self::DockerInit];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Runc => "runc",
            Self::Crun => "crun",
            Self::Youki => "youki",
            Self::DockerInit => "docker-init",
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Phase {
    /// One word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Exec => "exec",
            Self::Init => "init",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Evidence {
    /// One word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Observed => "observed",
            Self::Flaky => "flaky",
            Self::Tried => "tried",
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests;
