//! The floor that a profile is given: of which runtimes, for what.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::{
    Evidence, Needed, NoVersion, Phase, Runtime, Which, called, elsewhere, rows, rows_for,
};
use crate::arch::Arch;

/// Which runtimes a profile is to start under, and what they are to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuntimeFloor {
    runc: Option<Which>,
    crun: Option<Which>,
    youki: Option<Which>,
    exec: bool,
    init: bool,
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
        "unknown runtime floor `{}`; expected runc, crun, youki, runc@1.1.5, runc+crun, auto, recorded or none",
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
