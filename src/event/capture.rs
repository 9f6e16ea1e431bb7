//! How a recorder took a run: what it could see, and what it met on the way.

use std::collections::{BTreeMap, BTreeSet};

use super::{RuntimeCalls, UnderProfile};

/// How many names are kept for one [`Remark`]; a bound against a program that makes names up.
pub const MAX_REMARKED: usize = 32;

/// Something that the program did and that a reader of the recording should know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remark {
    /// It traces others, which a traced program can't.
    NestedTracer,
    /// Its file would give privileges that a traced program does not get.
    NoPrivileges,
    /// Its file gives privileges, which it got.
    Privileges,
    /// It installed a seccomp filter of its own.
    OwnFilter,
    /// It asked for strict seccomp, which can't be had beside a filter.
    StrictSeccomp,
    /// It asked that a child be not traced (`CLONE_UNTRACED`), which was not granted.
    Untraced,
    /// It asked for notifications of its own, which only one can have.
    OwnListener,
}

impl Remark {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::NestedTracer,
        Self::NoPrivileges,
        Self::Privileges,
        Self::OwnFilter,
        Self::StrictSeccomp,
        Self::Untraced,
        Self::OwnListener,
    ];

    /// The key in a recording.
    pub const fn key(self) -> &'static str {
        match self {
            Self::NestedTracer => "nested-tracer",
            Self::NoPrivileges => "no-privileges",
            Self::Privileges => "privileges",
            Self::OwnFilter => "own-filter",
            Self::StrictSeccomp => "strict-seccomp",
            Self::Untraced => "untraced",
            Self::OwnListener => "own-listener",
        }
    }

    /// The kind with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|remark| remark.key() == key)
    }
}

/// How a recorder took a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capture {
    /// What it recorded with: `ptrace+seccomp`, `ptrace`, `notify`.
    pub backend: String,
    /// Why with that.
    pub reason: String,
    /// Whether it saw how calls ended.
    pub results: bool,
    /// What was known beforehand and therefore not recorded again: the names of runs, or
    /// `profile:` and the SHA-256 of one.
    pub known: BTreeSet<String>,
    /// What the user had written beside it.
    pub labels: BTreeMap<String, String>,
    /// How long it took.
    pub milliseconds: u64,
    /// What was met, and the programs that did it.
    pub remarks: BTreeMap<Remark, BTreeSet<String>>,
    /// The profile that it ran under, and what that refused.
    pub under: Option<UnderProfile>,
    /// What came into the container from outside called there: its runtime.
    pub runtime: RuntimeCalls,
}

impl Capture {
    /// Notes what a program did.
    pub fn remark(&mut self, remark: Remark, program: &str) {
        let programs = self.remarks.entry(remark).or_default();
        if programs.len() < MAX_REMARKED {
            programs.insert(program.to_owned());
        }
    }
}
