//! What the lint found: for people, for machines, for a review.

mod data;
mod review;
mod sarif;
mod text;

use std::path::PathBuf;

use callsieve::arch::Arch;
use callsieve::lint::Report;
use callsieve::profile::{Engine, Libseccomp};

pub(crate) use self::data::{json, rules_json};
pub(crate) use self::review::{github, is_clean, markdown};
pub(crate) use self::sarif::sarif;
pub(crate) use self::text::{explanation, list, text};

/// A file and what was found in it.
#[derive(Debug)]
pub(crate) struct Linted {
    /// Its name, for people.
    pub(crate) place: String,
    pub(crate) path: PathBuf,
    pub(crate) native: Arch,
    pub(crate) text: String,
    pub(crate) report: Report,
}

/// What all files were looked at for.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) engines: Vec<Engine>,
    pub(crate) libseccomp: Libseccomp,
}
