//! What can be recorded and verified on this machine: every way is tried where that does no harm.

mod engines;
mod foreign;
mod machine;
mod tries;

use std::thread;
use std::time::Duration;

pub(crate) use engines::Engines;
pub(crate) use machine::{Machine, machine};

/// How long anything that is asked or tried may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Whether something works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It does.
    Yes,
    /// It does, and something is missing or worse than it could be.
    Limited,
    /// It does not.
    No,
}

impl Answer {
    /// The word for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Limited => "limited",
            Self::No => "no",
        }
    }
}

/// What is done with a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To record.
    Record,
    /// To verify.
    Verify,
    /// To look at.
    Inspect,
}

impl Purpose {
    /// The word for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Verify => "verify",
            Self::Inspect => "inspect",
        }
    }
}

/// A way, and whether it works here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    /// Its name, for `--require`.
    pub(crate) name: &'static str,
    pub(crate) purpose: Purpose,
    /// How it is called for.
    pub(crate) command: &'static str,
    pub(crate) answer: Answer,
    /// Why it is so.
    pub(crate) why: String,
    /// What would change it.
    pub(crate) todo: Option<String>,
}

/// The names of all ways, in the order in which they are told.
pub(crate) const NAMES: [&str; 10] = [
    "ptrace",
    "notify",
    "ebpf",
    "attach",
    "containers",
    "docker",
    "podman",
    "verify",
    "image",
    "inspect",
];

/// Everything that was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) machine: Machine,
    pub(crate) checks: Vec<Check>,
}

impl Found {
    /// Whether anything can be recorded.
    pub(crate) fn records(&self) -> bool {
        let mut all = self.checks.iter();
        all.any(|it| it.purpose == Purpose::Record && it.answer != Answer::No)
    }

    /// What was found of a way.
    pub(crate) fn check(&self, name: &str) -> Option<&Check> {
        self.checks.iter().find(|it| it.name == name)
    }
}

/// Tries everything.
pub(crate) fn examine() -> Found {
    // The engines are slow to answer, and may not answer at all.
    let (engines, tried, machine) = thread::scope(|scope| {
        let engines = scope.spawn(Engines::ask);
        let tried = tries::all();
        let machine = machine();
        (engines.join().unwrap_or_default(), tried, machine)
    });
    let mut checks = tried;
    checks.extend(engines.checks());
    checks.sort_by_key(|check| NAMES.iter().position(|name| *name == check.name));
    Found { machine, checks }
}

/// What a program that is recorded for a trial does: it waits until its input is over.
pub(crate) fn guest() {
    // That it can't be read is an end too.
    let _over = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
}
