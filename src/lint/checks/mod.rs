//! The checks, each over the whole file.

mod actions;
mod architectures;
mod arguments;
mod conditions;
mod defaults;
mod limits;
mod merged;
mod names;
mod needs;
mod repeats;

use super::Options;
use super::file::File;
use super::finding::Findings;
use super::meaning::{self, Reading};
use crate::profile::{ConditionalProfile, Engine, Libseccomp};

/// What checks look at.
pub(super) struct Input<'f, 't> {
    pub(super) file: &'f File<'t>,
    pub(super) options: &'f Options,
    /// The profile, where all that decides could be read.
    pub(super) profile: Option<ConditionalProfile>,
    /// What the engines make of it.
    pub(super) readings: Vec<Reading>,
}

impl<'f, 't> Input<'f, 't> {
    pub(super) fn new(file: &'f File<'t>, options: &'f Options) -> Self {
        let profile = if file.unclear { None } else { file.profile() };
        let readings = profile.as_ref().map_or_else(Vec::new, |profile| {
            meaning::readings(profile, &options.engines, &options.host)
        });
        Self {
            file,
            options,
            profile,
            readings,
        }
    }

    /// Each reading for each of its engines' answers, engines with equal ones together.
    fn libseccomp(&self) -> Libseccomp {
        self.options.libseccomp
    }

    /// Those of `engines` that are asked about.
    fn asked(&self, engines: &[Engine]) -> Vec<Engine> {
        let asked = self.options.engines.iter().copied();
        asked.filter(|engine| engines.contains(engine)).collect()
    }
}

/// Runs every check.
pub(super) fn run(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    actions::run(input, findings);
    architectures::run(input, findings);
    arguments::run(input, findings);
    conditions::run(input, findings);
    defaults::run(input, findings);
    limits::run(input, findings);
    names::run(input, findings);
    needs::run(input, findings);
    repeats::run(input, findings);
    merged::run(input, findings);
}
