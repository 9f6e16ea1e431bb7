//! The runtime's floor: calls that the container runtime itself makes between loading the filter
//! and the execve of the program.
//!
//! Without no-new-privileges the filter is loaded before capabilities and user are changed, so
//! more calls come after it. The floor is a table (`table`) of what was measured; `symptoms` has what
//! engines say when some of it is refused.

mod elsewhere;
mod symptoms;
mod table;
mod version;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::arch::Arch;

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

/// Which runtimes a profile is to start under, and what they are to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuntimeFloor {
    runc: Option<Which>,
    crun: Option<Which>,
    youki: Option<Which>,
    exec: bool,
    init: bool,
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

impl RuntimeFloor {
    /// No runtime: the filter is loaded by the program itself, or the trace has the runtime too.
    pub const NONE: Self = Self {
        runc: None,
        crun: None,
        youki: None,
        exec: false,
        init: false,
    };
    /// Every measured version of runc.
    pub const RUNC: Self = Self {
        runc: Some(Which::Any),
        ..Self::NONE
    };
    /// Every measured version of crun.
    pub const CRUN: Self = Self {
        crun: Some(Which::Any),
        ..Self::NONE
    };
    /// Both, which is what a profile that goes to an unknown machine needs.
    pub const BOTH: Self = Self {
        crun: Some(Which::Any),
        ..Self::RUNC
    };

    /// Also what they need to run further programs in a container.
    #[must_use]
    pub const fn with_exec(self, exec: bool) -> Self {
        Self { exec, ..self }
    }

    /// Also what docker-init needs.
    #[must_use]
    pub const fn with_init(self, init: bool) -> Self {
        Self { init, ..self }
    }

    /// Also this runtime. docker-init is no runtime, but what one of them starts.
    #[must_use]
    pub const fn with(self, runtime: Runtime, which: Which) -> Self {
        let which = Some(which);
        match runtime {
            Runtime::Runc => Self {
                runc: which,
                ..self
            },
            Runtime::Crun => Self {
                crun: which,
                ..self
            },
            Runtime::Youki => Self {
                youki: which,
                ..self
            },
            Runtime::DockerInit => self.with_init(true),
        }
    }

    /// What this one and another one need.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        fn either(one: Option<Which>, other: Option<Which>) -> Option<Which> {
            match (one, other) {
                (Some(one), Some(other)) => Some(one.and(other)),
                (Some(which), None) | (None, Some(which)) => Some(which),
                (None, None) => None,
            }
        }
        Self {
            runc: either(self.runc, other.runc),
            crun: either(self.crun, other.crun),
            youki: either(self.youki, other.youki),
            exec: self.exec || other.exec,
            init: self.init || other.init,
        }
    }

    /// Whether there is no runtime.
    pub fn is_none(self) -> bool {
        self.runtimes().next().is_none()
    }

    /// Whether what it has is also for running further programs in a container, and for
    /// docker-init.
    pub const fn further(self) -> (bool, bool) {
        (self.exec, self.init)
    }

    /// The runtimes and their versions.
    pub fn runtimes(self) -> impl Iterator<Item = (Runtime, Which)> {
        [
            (Runtime::Runc, self.runc),
            (Runtime::Crun, self.crun),
            (Runtime::Youki, self.youki),
        ]
        .into_iter()
        .filter_map(|(runtime, which)| Some((runtime, which?)))
    }

    /// Versions that were named and of which nothing was measured, so that the floor has what all
    /// measured ones need.
    pub fn unmeasured(self) -> Vec<String> {
        self.runtimes()
            .filter(|(runtime, which)| {
                !rows()
                    .iter()
                    .any(|row| row.runtime == *runtime && row.holds_for(*which))
            })
            .map(|(runtime, which)| called(runtime, which))
            .collect()
    }

    /// The calls needed on `arch`, each with the reason, sorted by name.
    pub fn calls(
        self,
        arch: Arch,
        no_new_privileges: bool,
    ) -> impl Iterator<Item = (&'static str, Needed)> {
        let mut calls: BTreeMap<&'static str, Needed> = BTreeMap::new();
        for (runtime, which, phase) in self.doings() {
            let by = called(runtime, which);
            for row in rows_for(runtime, which, phase, no_new_privileges) {
                let wanted = row.calls().filter(|(_, why)| *why != Evidence::Tried);
                for (name, evidence) in wanted {
                    for name in elsewhere::names(name, arch) {
                        let needed = calls.entry(name).or_insert_with(|| Needed {
                            by: Vec::new(),
                            phase,
                            evidence,
                        });
                        needed.add(&by, phase, evidence);
                    }
                }
            }
        }
        calls.into_iter()
    }

    /// What is done, by whom.
    fn doings(self) -> impl Iterator<Item = (Runtime, Which, Phase)> {
        let starts = self
            .runtimes()
            .map(|(runtime, which)| (runtime, which, Phase::Start));
        let execs = self
            .runtimes()
            .filter(move |_| self.exec)
            .map(|(runtime, which)| (runtime, which, Phase::Exec));
        let init = self
            .init
            .then_some((Runtime::DockerInit, Which::Any, Phase::Init));
        starts.chain(execs).chain(init)
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

/// As it is written: `runc@1.1.5+crun`.
impl fmt::Display for RuntimeFloor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("none");
        }
        for (at, (runtime, which)) in self.runtimes().enumerate() {
            if at > 0 {
                f.write_str("+")?;
            }
            match which {
                Which::Any => write!(f, "{runtime}")?,
                Which::Only(version) => write!(f, "{runtime}@{version}")?,
            }
        }
        Ok(())
    }
}

/// A text that is no floor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnknownFloor {
    /// No runtime of this name was measured.
    #[error(
        "unknown runtime floor `{}`; expected runc, crun, youki, runc@1.1.5, runc+crun, auto or none",
        name.escape_debug()
    )]
    Name {
        /// The name that was given.
        name: String,
    },
    /// A runtime comes twice.
    #[error("{runtime} is named twice; leave out the versions to have all of them")]
    Twice {
        /// The runtime.
        runtime: Runtime,
    },
    /// The version is none.
    #[error(transparent)]
    Version(#[from] NoVersion),
}

impl FromStr for RuntimeFloor {
    type Err = UnknownFloor;

    fn from_str(text: &str) -> Result<Self, UnknownFloor> {
        if text == "none" {
            return Ok(Self::NONE);
        }
        let mut floor = Self::NONE;
        // A version may have a plus sign too, but no runtime's name begins as one goes on.
        for part in parts(text) {
            let (name, version) = match part.split_once('@') {
                Some((name, version)) => (name, Which::Only(version.parse()?)),
                None => (part, Which::Any),
            };
            let runtime = match name {
                "runc" => Runtime::Runc,
                "crun" => Runtime::Crun,
                "youki" => Runtime::Youki,
                _ => {
                    return Err(UnknownFloor::Name {
                        name: text.to_owned(),
                    });
                }
            };
            if floor.runtimes().any(|(known, _)| known == runtime) {
                return Err(UnknownFloor::Twice { runtime });
            }
            floor = floor.with(runtime, version);
        }
        Ok(floor)
    }
}

/// The parts between plus signs, but for those inside of a version (`1.1.5+ds1`).
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    let named = |part: &str| {
        ["runc", "crun", "youki"]
            .iter()
            .any(|name| part.starts_with(name))
    };
    loop {
        let split = rest
            .match_indices('+')
            .map(|(at, _)| rest.split_at(at))
            .find_map(|(part, after)| {
                let after = after.strip_prefix('+')?;
                (named(after) || !part.contains('@')).then_some((part, after))
            });
        let Some((part, after)) = split else {
            parts.push(rest);
            return parts;
        };
        parts.push(part);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(floor: &str, no_new_privileges: bool) -> Vec<&'static str> {
        let floor: RuntimeFloor = floor.parse().unwrap();
        let calls = floor.calls(Arch::X86_64, no_new_privileges);
        calls.map(|(name, _)| name).collect()
    }

    fn count(floor: &str, no_new_privileges: bool) -> usize {
        names(floor, no_new_privileges).len()
    }

    /// The sizes measured are 17 and 36 for both, 16 and 31 for runc, 3 and 12 for crun;
    /// `sched_yield`, seen once, is added to those of runc.
    #[test]
    fn sizes_are_those_measured() {
        let sizes = |floor| [count(floor, true), count(floor, false)];
        assert_eq!(sizes("runc+crun"), [18, 37]);
        assert_eq!(sizes("runc"), [17, 32]);
        assert_eq!(sizes("crun"), [3, 12]);
        assert_eq!(sizes("none"), [0, 0]);
    }

    #[test]
    fn versions_have_what_they_need() {
        let has = |floor, name| names(floor, true).contains(&name);
        assert!(!has("runc@1.1.5", "openat2") && !has("runc@1.2.7", "openat2"));
        assert!(has("runc@1.2.8", "openat2") && !has("runc@1.3.2", "openat2"));
        assert!(has("runc@1.3.3", "openat2") && has("runc@2.0.0", "openat2"));
        assert!(has("runc@1.2", "openat2") && has("runc@1.2", "getpid"));
        assert!(!has("crun@1.8.1", "close_range") && has("crun@1.28", "close_range"));
        // Of which nothing is known: all that any needs.
        assert_eq!(names("runc@1.0.2", false), names("runc", false));
        let old: RuntimeFloor = "runc@1.0.2+crun".parse().unwrap();
        assert_eq!(old.unmeasured(), ["runc 1.0.2"]);
    }

    #[test]
    fn exec_and_init_come_when_asked_for() {
        let floor = RuntimeFloor::BOTH;
        let names = |floor: RuntimeFloor, nnp| -> Vec<&str> {
            floor
                .calls(Arch::X86_64, nnp)
                .map(|(name, _)| name)
                .collect()
        };
        let start = names(floor, false);
        let more = |floor| -> Vec<&str> {
            let mut more = names(floor, false);
            more.retain(|name| !start.contains(name));
            more
        };
        assert_eq!(more(floor.with_exec(true)), ["ioctl", "umask"]);
        assert!(more(floor.with_init(true)).contains(&"wait4"));
        // What runc only tries is for no profile.
        assert!(!names(floor.with_exec(true), true).contains(&"fsopen"));
    }

    #[test]
    fn other_architectures_have_their_own_names() {
        let names = |arch| -> Vec<&str> {
            let floor = RuntimeFloor::BOTH.with_init(true);
            floor.calls(arch, false).map(|(name, _)| name).collect()
        };
        let arm64 = names(Arch::Aarch64);
        assert!(arm64.contains(&"readlinkat") && arm64.contains(&"getpgid"));
        assert!(!arm64.contains(&"readlink") && !arm64.contains(&"arch_prctl"));
        assert!(names(Arch::X86).contains(&"setuid32"));
    }

    #[test]
    fn every_row_is_sorted_and_says_each_name_once() {
        for row in rows() {
            for names in [row.required, row.observed, row.flaky, row.tried] {
                assert!(names.is_sorted(), "{row:?}");
            }
            let mut all: Vec<&str> = row.calls().map(|(name, _)| name).collect();
            all.sort_unstable();
            let mut once = all.clone();
            once.dedup();
            assert_eq!(all, once, "{row:?}");
            for name in once {
                assert_eq!(elsewhere::names(name, Arch::X86_64).next(), Some(name));
            }
        }
    }

    #[test]
    fn names_lead_back() {
        for name in [
            "runc",
            "crun",
            "runc+crun",
            "none",
            "runc@1.1.5",
            "runc@1.1.5+crun@1.28",
        ] {
            assert_eq!(name.parse::<RuntimeFloor>().unwrap().to_string(), name);
        }
        let floor: RuntimeFloor = "runc@1.1.5+ds1+crun".parse().unwrap();
        assert_eq!(floor.to_string(), "runc@1.1.5+crun");
        for name in [
            "kata",
            "runc+",
            "+",
            "",
            "runc+runc",
            "runc@x",
            "docker-init",
        ] {
            assert!(name.parse::<RuntimeFloor>().is_err(), "{name}");
        }
    }
}
