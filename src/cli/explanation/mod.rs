//! What is to be told of one call: gathered here, written by [`super::render::explain`].

mod arches;
mod defaults;
mod profiles;
pub(crate) mod recorded;
mod refused;
pub(crate) mod words;

use std::collections::BTreeMap;

use callsieve::arch::Arch;
use callsieve::profile::{Engine, Host, Libseccomp};
use callsieve::recording::Recording;
use callsieve::syscalls::about;
use serde::Serialize;

use super::error::CommandError;

pub(crate) use arches::{USUAL, home};
pub(crate) use profiles::{Asked, OnArches, Says};
pub(crate) use recorded::{Argument, Caller, Recorded, SeenOn};

/// Everything about one call; docs/explain-format.md describes it.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    pub(crate) syscall: &'static str,
    pub(crate) what: &'static str,
    pub(crate) group: &'static str,
    /// The first release on any architecture.
    pub(crate) since: Option<String>,
    pub(crate) architectures: BTreeMap<&'static str, OnArch>,
    pub(crate) risk: RiskOf,
    pub(crate) native: &'static str,
    pub(crate) profiles: Vec<Says>,
    pub(crate) defaults: Vec<defaults::Default>,
    /// `null` without recordings.
    pub(crate) recorded: Option<Recorded>,
    pub(crate) refused: Vec<refused::Row>,
}

#[derive(Debug, Serialize)]
pub(crate) struct OnArch {
    pub(crate) number: u32,
    pub(crate) since: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct RiskOf {
    pub(crate) class: u8,
    pub(crate) name: &'static str,
    pub(crate) why: &'static str,
    pub(crate) sources: Vec<String>,
}

/// For whom.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    /// The architecture of the engine, capabilities, kernel.
    pub(crate) host: Host,
    pub(crate) engine: Engine,
    pub(crate) libseccomp: Libseccomp,
    pub(crate) profiles: Vec<Asked<'a>>,
    /// All recordings together; `None` if there are none.
    pub(crate) recording: Option<&'a Recording>,
}

impl Question<'_> {
    /// Everything about a call; `None` for a name that nobody knows.
    pub(crate) fn answer(&self, name: &str) -> Result<Option<Explanation>, CommandError> {
        let Some(known) = about(name) else {
            return Ok(None);
        };
        let name = known.name;
        let profiles = self.profiles.iter().map(|asked| self.says(asked, name));
        Ok(Some(Explanation {
            syscall: name,
            what: known.what,
            group: known.group.name(),
            since: known.since.map(|release| release.to_string()),
            architectures: arches::of(name),
            risk: RiskOf {
                class: known.risk.class(),
                name: known.risk.name(),
                why: known.why,
                sources: known.sources.iter().map(ToString::to_string).collect(),
            },
            native: self.host.native.name(),
            profiles: profiles.collect::<Result<_, _>>()?,
            defaults: self.defaults(name)?,
            recorded: self
                .recording
                .map(|recording| Recorded::of(recording, name)),
            refused: refused::rows(name, self.host.native),
        }))
    }
}

/// The names of architectures.
fn names(arches: &[Arch]) -> Vec<&'static str> {
    arches.iter().map(|arch| arch.name()).collect()
}
