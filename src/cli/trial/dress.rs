//! What a container is given for a trial, beside what its users give it.

use std::ffi::OsString;
use std::path::Path;

use super::{Plan, Probe};
use crate::cli::engine_command::Container;
use crate::cli::error::CommandError;

/// What a container is given for a trial.
pub(crate) trait Dress {
    /// Options for `create`, behind those of the plan.
    fn options(&self) -> Vec<OsString>;

    /// What follows the image.
    fn command(&self, plan: &Plan) -> Vec<OsString> {
        plan.command.clone()
    }

    /// Puts things into the container before it starts.
    fn prepare(&mut self, _container: &Container<'_>) -> Result<(), CommandError> {
        Ok(())
    }

    /// The words for a program that is run inside.
    fn inside(&self, probe: &Probe) -> Vec<String> {
        probe.words.clone()
    }

    /// Takes things out of the container when it has ended, or is about to be removed.
    fn collect(&mut self, _container: &Container<'_>) -> Result<(), CommandError> {
        Ok(())
    }
}

/// A profile, loaded by the engine.
#[derive(Debug)]
pub(crate) struct Profiled<'p>(pub(crate) &'p Path);

/// The engine's own default.
#[derive(Debug)]
pub(crate) struct EngineDefault;

/// A word with a path in it.
pub(super) fn security(value: impl AsRef<std::ffi::OsStr>) -> [OsString; 2] {
    let mut word = OsString::from("seccomp=");
    word.push(value);
    ["--security-opt".into(), word]
}

impl Dress for Profiled<'_> {
    fn options(&self) -> Vec<OsString> {
        security(self.0).into()
    }
}

impl Dress for EngineDefault {
    fn options(&self) -> Vec<OsString> {
        Vec::new()
    }
}
