//! A container tried under a profile: started, probed, loaded and stopped, as its users would.
//!
//! The engine loads the profile by itself, so that what comes of it is what would come of it in
//! production. [`run`] does one trial; how a container is dressed for it is a [`Dress`]: with a
//! profile alone, with the engine's own one, or with callsieve inside to see what is refused.

mod args;
mod dress;
mod guest;
mod missing;
mod run;
mod verify;

use std::ffi::OsString;
use std::time::Duration;

pub(crate) use args::TrialArgs;
use dress::{Dress, EngineDefault, Profiled};
use guest::Guest;
pub(crate) use missing::Missing;
use missing::missing;
use run::run;
pub(crate) use verify::{Bench, Outcome, Seen, Subject};

/// What is to be tried.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The image, as the engine knows it.
    pub(crate) image: OsString,
    /// Options for `create`.
    pub(crate) options: Vec<OsString>,
    /// What follows the image.
    pub(crate) command: Vec<OsString>,
    /// Programs that are run inside once it runs.
    pub(crate) probes: Vec<Probe>,
    /// Lines for a shell of this machine, which use the container.
    pub(crate) loads: Vec<String>,
    /// How long it must have run without a probe to count as started.
    pub(crate) settle: Duration,
    /// How long a probe is tried again, and how long a load may take.
    pub(crate) patience: Duration,
    /// How long it may take to end when it is asked to.
    pub(crate) grace: Duration,
}

/// A program that is run in the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Probe {
    /// As it was given.
    pub(crate) text: String,
    /// The program and its arguments.
    pub(crate) words: Vec<String>,
}

/// What was done with the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// It was started, and ran for a while or to its end.
    Start,
    /// A program was run inside.
    Probe(String),
    /// It was used from outside.
    Load(String),
    /// It was asked to end.
    Stop,
}

/// How a step went.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    /// What was done.
    pub(crate) step: Step,
    /// Why it failed, if it did.
    pub(crate) failure: Option<Failure>,
    /// What else there is to say.
    pub(crate) remark: Option<String>,
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The status of the container, of the probe or of the load, if there is one.
    pub(crate) status: Option<i64>,
    /// What the engine, the container or the probe said; untrusted.
    pub(crate) said: String,
    /// It is the runtime that failed, and not the program.
    pub(crate) runtime: bool,
}

/// How a trial went.
#[derive(Debug, Clone)]
pub(crate) struct Tried {
    /// The steps, up to the first that failed.
    pub(crate) done: Vec<Done>,
}

impl Step {
    /// The name of its kind.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Probe(_) => "probe",
            Self::Load(_) => "load",
            Self::Stop => "stop",
        }
    }

    /// What was run, where something was.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Probe(text) | Self::Load(text) => Some(text),
            Self::Start | Self::Stop => None,
        }
    }
}

impl Tried {
    /// The step that failed.
    pub(crate) fn failed(&self) -> Option<(&Step, &Failure)> {
        self.done
            .iter()
            .find_map(|done| done.failure.as_ref().map(|failure| (&done.step, failure)))
    }
}

impl Failure {
    /// The last thing that was said.
    pub(crate) fn last_line(&self) -> &str {
        let mut lines = self.said.lines().map(str::trim);
        lines
            .rfind(|line| !line.is_empty())
            .unwrap_or("it does not say why")
    }
}
