//! What a rule of the lint is.

use std::fmt;
use std::str::FromStr;

use super::Rule;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Probably not what is meant.
    Warning,
    /// An engine refuses the profile, or what it makes of it is not what is written.
    Error,
}

/// What is told of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleInfo {
    /// `CS004`
    pub id: &'static str,
    /// `unknown-name`
    pub name: &'static str,
    /// How bad a finding is, unless the user says otherwise.
    pub severity: Severity,
    /// What is found, in a few words.
    pub title: &'static str,
    /// Whom it concerns, for people.
    pub engines: &'static str,
    /// Why it matters.
    pub reason: &'static str,
    /// Where that was read or how it was measured.
    pub source: &'static str,
}

impl Severity {
    /// From the mildest on.
    pub const ALL: [Self; 3] = [Self::Note, Self::Warning, Self::Error];

    /// `note`, `warning`, `error`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that is no severity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown level `{}`; expected error, warning or note", text.escape_debug())]
pub struct UnknownSeverity {
    /// The word.
    pub text: String,
}

impl FromStr for Severity {
    type Err = UnknownSeverity;

    fn from_str(text: &str) -> Result<Self, UnknownSeverity> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.name() == text)
            .ok_or_else(|| UnknownSeverity {
                text: text.to_owned(),
            })
    }
}

/// A word that names no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown rule `{}`", text.escape_debug())]
pub struct UnknownRule {
    /// The word.
    pub text: String,
}

/// By id or by name: `CS004`, `cs004`, `unknown-name`.
impl FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        Self::ALL
            .iter()
            .copied()
            .find(|rule| {
                let info = rule.info();
                info.name == text || info.id.eq_ignore_ascii_case(text)
            })
            .ok_or_else(|| UnknownRule {
                text: text.to_owned(),
            })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.info().id)
    }
}
