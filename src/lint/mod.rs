//! Mistakes in a profile that engines accept without a word, and those that they refuse it for.
//!
//! [`lint()`] reads leniently: each part that can't be read is a finding, and the rest is looked at
//! all the same. What a mistake leads to is evaluated ([`crate::profile`]), not guessed from text.

mod checks;
mod engines;
mod file;
mod finding;
mod fix;
mod json;
mod meaning;
mod place;
mod read;
mod rule;
mod rules;
mod words;
mod written;

use std::collections::BTreeMap;

use crate::arch::Arch;
use crate::profile::{Engine, Host, Libseccomp};

pub use self::finding::{Edit, Finding, Fix, Report};
pub(crate) use self::place::Places;
pub use self::place::{Place, Span};
pub use self::rule::{RuleInfo, Severity, UnknownRule, UnknownSeverity};
pub use self::rules::Rule;
pub use self::written::{Mention, Written, written};

use self::checks::Input;
use self::finding::{Draft, Findings};
use self::read::Reader;

/// What a profile is for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who is to read it.
    pub engines: Vec<Engine>,
    /// What their runtimes are linked with.
    pub libseccomp: Libseccomp,
    /// Where the container runs and with what.
    pub host: Host,
    /// Whether it runs with no-new-privileges, so that runtimes need less.
    pub no_new_privileges: bool,
    /// Rules the findings of which are not as bad as usual, or worse.
    pub levels: BTreeMap<Rule, Level>,
}

/// What becomes of the findings of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// There are none.
    Off,
    /// They are this bad.
    At(Severity),
}

/// The engines that a profile without a known goal is looked at for: those that people name.
pub const COMMON_ENGINES: [Engine; 4] = [
    Engine::Docker,
    Engine::Containerd,
    Engine::CriO,
    Engine::Podman,
];

/// The architectures that the profile in `bytes` lists, as far as it can be read.
pub fn architectures(bytes: &[u8]) -> Vec<Arch> {
    let value = json::text(bytes)
        .ok()
        .and_then(|text| json::parse(text).ok());
    let list = value
        .as_ref()
        .and_then(|value| value.as_object()?.get_array("architectures"));
    list.into_iter()
        .flat_map(|list| &list.elements)
        .filter_map(|arch| Arch::from_scmp(&arch.as_string_lit()?.value))
        .collect()
}

/// What is wrong with the profile in `bytes`.
///
/// Never panics; time and memory are bounded by the size, which has the limit of
/// [`crate::formats::docker::MAX_BYTES`], and findings by a number for each rule.
pub fn lint(bytes: &[u8], options: &Options) -> Report {
    let (text, broken) = match json::text(bytes) {
        Ok(text) => (text, None),
        Err((text, broken)) => (text, Some(broken)),
    };
    let mut findings = Findings::new(options, text);
    let parsed = match broken {
        Some(broken) => Err(broken),
        None => json::parse(text),
    };
    let value = match parsed {
        Ok(value) => value,
        Err(broken) => {
            findings.add(Draft::new(Rule::Malformed, &broken.range, broken.why));
            return findings.finish();
        }
    };
    // The parser takes an object alone.
    if let Some(root) = value.as_object() {
        let exact = !findings.asked(engines::EXACT_CASE).is_empty();
        let file = Reader::new(&mut findings, exact).file(text, root);
        checks::run(&Input::new(&file, options), &mut findings);
    }
    findings.finish()
}
