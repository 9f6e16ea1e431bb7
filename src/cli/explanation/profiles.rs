//! What a profile says of a call, and where.

use callsieve::arch::Arch;
use callsieve::lint::Written;
use callsieve::profile::diff::Difference;
use callsieve::profile::eval::Meaning;
use callsieve::profile::policy::Policy as _;
use callsieve::profile::{Profile, View};
use callsieve::syscalls::table;
use serde::Serialize;

use super::{Question, names, words};
use crate::cli::error::CommandError;
use crate::cli::render::safe;

/// A profile that is asked.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// Its name, for people.
    pub(crate) name: &'a str,
    /// What the engine makes of it.
    pub(crate) profile: Profile,
    /// What stands in the file; `None` if there is none.
    pub(crate) written: Option<Written>,
}

/// What a profile says.
#[derive(Debug, Serialize)]
pub(crate) struct Says {
    pub(crate) name: String,
    pub(crate) answers: Vec<OnArches>,
    /// Where the profile names the call.
    pub(crate) lines: Vec<Line>,
    /// The line of the default action, where no line names the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default_line: Option<usize>,
}

/// The same answer on some architectures.
#[derive(Debug, Serialize)]
pub(crate) struct OnArches {
    pub(crate) architectures: Vec<&'static str>,
    pub(crate) answer: String,
}

/// A place in a profile.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names of the JSON")]
pub(crate) struct Line {
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// What the rule says.
    pub(crate) rule: String,
}

impl Question<'_> {
    /// What one of the profiles says.
    pub(super) fn says(&self, asked: &Asked<'_>, name: &'static str) -> Result<Says, CommandError> {
        let native = self.host.native;
        let view = View {
            engine: self.engine,
            libseccomp: self.libseccomp,
            native,
        };
        let mentions = asked
            .written
            .as_ref()
            .and_then(|written| written.mentions.get(name));
        let lines: Vec<Line> = mentions
            .into_iter()
            .flatten()
            .map(|mention| Line {
                line: mention.span.start.line,
                column: mention.span.start.column,
                rule: mention.action.map_or_else(String::new, |action| {
                    let applies = (&mention.includes, &mention.excludes);
                    safe(&words::rule(
                        action,
                        &mention.conditions,
                        applies,
                        (native, name),
                    ))
                }),
            })
            .collect();
        let default = asked
            .written
            .as_ref()
            .and_then(|written| written.default.as_ref())
            .filter(|_| lines.is_empty());
        Ok(Says {
            name: asked.name.to_owned(),
            answers: answers(&asked.profile, view, name)?,
            default_line: default.map(|(_, span)| span.start.line),
            lines,
        })
    }
}

/// What a call gets on each architecture that a profile is for and that has it, those together
/// that answer alike; the engine's own first.
pub(super) fn answers(
    profile: &Profile,
    view: View,
    name: &str,
) -> Result<Vec<OnArches>, CommandError> {
    let meaning = Meaning::new(profile, &view);
    let native = view.native;
    let others = Arch::ALL.into_iter().filter(|arch| *arch != native);
    let mut rows: Vec<(Vec<Arch>, String)> = Vec::new();
    for arch in [native].into_iter().chain(others) {
        let Some(number) = table(arch).number(name).filter(|_| meaning.lists(arch)) else {
            continue;
        };
        let answer = Difference::answer(&meaning, arch, number)
            .map_err(|error| CommandError::input("", &error))?;
        let text = words::answer(&answer, arch, name);
        match rows.iter_mut().find(|(_, known)| *known == text) {
            Some((arches, _)) => arches.push(arch),
            None => rows.push((vec![arch], text)),
        }
    }
    Ok(rows
        .into_iter()
        .map(|(arches, answer)| OnArches {
            architectures: names(&arches),
            answer,
        })
        .collect())
}
