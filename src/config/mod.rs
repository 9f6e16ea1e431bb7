//! `callsieve.toml`: which profiles are made of which recordings, with what exceptions, and what is
//! judged. docs/ci.md describes it.
//!
//! It is read strictly and within bounds, since whoever proposes a change can write it: an unknown
//! key is an error with its place.

mod date;
mod findings;
mod keys;
mod read;
mod table;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use crate::lint::{Level, Rule, Span};
use crate::syscalls::SyscallName;

pub use self::date::{Date, NoDate};
pub use self::findings::findings;
pub use self::read::{ConfigError, read};

/// Its usual name.
pub const NAME: &str = "callsieve.toml";
/// Larger files are refused, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The profiles, in the order of the file; at least one.
    pub profiles: Vec<Profile>,
    /// Exceptions for all profiles and for one of them, in the order of the file.
    pub exceptions: Vec<Exception>,
    /// Rules the findings of which are not as bad as usual, or worse.
    pub levels: BTreeMap<Rule, Level>,
    /// What `callsieve ci` judges and writes.
    pub ci: Ci,
}

/// A profile that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Where it lies, from the folder of the file on.
    pub path: String,
    /// Where that is said.
    pub span: Span,
    /// Files, folders and patterns of recordings, from the folder of the file on.
    pub recordings: Vec<String>,
    /// Options of `callsieve generate`, each with its values; none for one that is a switch.
    pub options: Vec<(&'static str, Vec<String>)>,
    /// What a comparison is for: `engine`, `libseccomp`.
    pub engine: BTreeMap<&'static str, String>,
    /// The reasons go to this file.
    pub reasons: Option<String>,
    /// What the committed profile allows stays.
    pub keep: bool,
    /// But for what so many complete runs do not show.
    pub prune_after: Option<NonZeroUsize>,
}

/// A call that is allowed or denied whatever recordings show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Whether it is allowed or denied.
    pub kind: Kind,
    /// The calls; at least one.
    pub names: Vec<SyscallName>,
    /// Why; none if it is not said.
    pub reason: Option<String>,
    /// Whom to ask.
    pub owner: Option<String>,
    /// Its last day.
    pub expires: Option<Date>,
    /// It is allowed whatever the base says.
    pub beyond_base: bool,
    /// The position of the profile that it is for; none for all.
    pub profile: Option<usize>,
    /// Where the calls are named.
    pub span: Span,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It is allowed.
    Allow,
    /// It is refused.
    Deny,
}

/// What `callsieve ci` judges and writes. Words are those of its options.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ci {
    /// What makes it fail.
    pub fail_on: Option<String>,
    /// The revision to compare with.
    pub against: Option<String>,
    /// The comment goes to this file.
    pub markdown: Option<String>,
    /// The findings go to this file.
    pub sarif: Option<String>,
}

impl Kind {
    /// `allow`, `deny`
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

impl Config {
    /// The exceptions of a profile: its own, and those for all.
    pub fn exceptions_of(&self, profile: usize) -> impl Iterator<Item = &Exception> {
        self.exceptions
            .iter()
            .filter(move |it| it.profile.is_none_or(|of| of == profile))
    }
}

impl Exception {
    /// Why, and whom to ask, for the reasons of a profile.
    pub fn why(&self) -> String {
        let reason = self.reason.as_deref().unwrap_or("no reason is given");
        match &self.owner {
            Some(owner) => format!("{reason} ({owner})"),
            None => reason.to_owned(),
        }
    }
}
