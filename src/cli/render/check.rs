//! Whether profiles permit at most what others do.

use callsieve::arch::Arch;
use callsieve::profile::diff::Difference;
use serde::Serialize;

use super::difference::{self, Compared, Heading};
use super::github::{self, Annotation, Level};
use super::markdown::Comment;
use super::pieces::{Line, outside, own, plain};
use super::sarif;
use super::wrap::Page;
use super::{add, system_calls};
use crate::cli::operand::ProfileFile;

/// One profile, or several stacked, against what it may permit at most.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) new: Vec<String>,
    pub(crate) base: Vec<String>,
    /// Both as they are called together.
    pub(crate) names: (String, String),
    pub(crate) native: Arch,
    pub(crate) difference: Difference,
    /// The file that is judged, where there is one.
    pub(crate) file: Option<ProfileFile>,
}

const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const PLAIN: &str = "\x1b[0m";

impl Checked {
    /// Whether nothing gets farther.
    pub(crate) const fn passed(&self) -> bool {
        self.difference.wider.is_empty()
    }

    /// What was compared.
    fn compared<'a>(&'a self, container: &'a str) -> Compared<'a> {
        let heading = Heading {
            old: &self.names.1,
            new: &self.names.0,
            native: self.native,
            container,
        };
        Compared {
            file: self.file.as_ref(),
            ..Compared::plain(&self.difference, heading)
        }
    }
}

/// For people: a line for each, and every call that gets farther.
pub(crate) fn text(all: &[Checked], container: &str, page: Page) -> String {
    let mut text = String::new();
    for checked in all {
        let (new, base) = &checked.names;
        let (sign, color, verdict) = if checked.passed() {
            ("ok", GREEN, "at most")
        } else {
            ("no", RED, "more than")
        };
        let relation = difference::relation(&checked.difference);
        let native = checked.native;
        let mut head = String::new();
        add(
            &mut head,
            format_args!(
                "{color}{sign}{PLAIN}  {new} permits {verdict} {base}: {relation} ({native}, {container})\n"
            ),
        );
        text.push_str(&page.wrapped(&head));
        let compared = checked.compared(container);
        text.push_str(&difference::wider_with_rules(&compared, page));
        if !checked.passed() {
            let counts = difference::count_line(&checked.difference, None);
            text.push_str(&page.wrapped(&counts));
        }
    }
    text
}

/// What came of all in one line.
fn headline(all: &[Checked]) -> Line {
    let failed = all.iter().filter(|checked| !checked.passed()).count();
    let base = |checked: &Checked| outside(&checked.names.1);
    match all {
        [one] if one.passed() => vec![
            own("Seccomp profile "),
            outside(&one.names.0),
            own(" permits at most "),
            base(one),
        ],
        [one] => {
            let count = system_calls(one.difference.wider.len());
            vec![
                own("Seccomp profile "),
                outside(&one.names.0),
                own(format!(": {count} more than ")),
                base(one),
            ]
        }
        [first, ..] if failed == 0 => {
            let text = format!("All {} seccomp profiles permit at most ", all.len());
            vec![own(text), base(first)]
        }
        [first, ..] => {
            let count = all.len();
            let text = format!("{failed} of {count} seccomp profiles permit more than ");
            vec![own(text), base(first)]
        }
        [] => Line::new(),
    }
}

/// A comment for a review.
pub(crate) fn markdown(all: &[Checked], container: &str) -> String {
    let names: Vec<&str> = all.iter().map(|checked| checked.names.0.as_str()).collect();
    let (headline, about) = (headline(all), names.join(" "));
    if all.iter().all(Checked::passed) {
        return Comment::new(&headline, "check", &about).finish();
    }
    let mut comment = Comment::titled(&headline, "check", &about);
    for checked in all.iter().filter(|checked| !checked.passed()) {
        let (new, base) = &checked.names;
        comment.paragraph(&[
            outside(new),
            own(" against "),
            outside(base),
            own(format!(" ({}, {container}):", checked.native)),
        ]);
        difference::wider_table(&mut comment, &checked.compared(container));
    }
    comment.finish()
}

/// For code scanning: what gets farther, each at its line of the profile.
pub(crate) fn sarif(all: &[Checked], container: &str) -> String {
    let found = all
        .iter()
        .flat_map(|checked| difference::found(&checked.compared(container)));
    sarif::log(&difference::RULES, found.collect(), Vec::new())
}

/// For a workflow of GitHub Actions.
pub(crate) fn github(all: &[Checked], container: &str) -> String {
    let found = all
        .iter()
        .flat_map(|checked| difference::annotations(&checked.compared(container)))
        .map(|annotation| Annotation {
            // All of it is more than is permitted.
            level: Level::Error,
            ..annotation
        });
    github::commands(found.collect(), &plain(&headline(all)))
}

/// For machines; docs/check-format.md describes it.
pub(crate) fn json(all: &[Checked], container: &str) -> String {
    let checks = all
        .iter()
        .map(|checked| {
            // Maps with string keys, numbers and strings always serialise.
            serde_json::to_value(Row {
                new: &checked.new,
                at_most: &checked.base,
                passed: checked.passed(),
                difference: difference::value(&checked.compared(container)),
            })
            .unwrap_or_default()
        })
        .collect();
    super::json(&Json {
        schema: 1,
        passed: all.iter().all(Checked::passed),
        checks,
    })
}

#[derive(Serialize)]
struct Json {
    schema: u32,
    passed: bool,
    checks: Vec<serde_json::Value>,
}

#[derive(Serialize)]
struct Row<'a, D> {
    new: &'a [String],
    at_most: &'a [String],
    passed: bool,
    difference: D,
}
