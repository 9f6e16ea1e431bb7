//! Whether profiles permit at most what others do.

use std::fmt::Write as _;

use callsieve::arch::Arch;
use callsieve::profile::diff::{Difference, Relation};
use serde::Serialize;

use super::difference::{self, Heading};

/// One profile, or several stacked, against what it may permit at most.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) new: Vec<String>,
    pub(crate) base: Vec<String>,
    pub(crate) native: Arch,
    pub(crate) difference: Difference,
}

const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const PLAIN: &str = "\x1b[0m";

impl Checked {
    /// Whether nothing gets farther.
    pub(crate) const fn passed(&self) -> bool {
        self.difference.wider.is_empty()
    }

    const fn relation(&self) -> &'static str {
        match self.difference.relation {
            Relation::Equal => "equal",
            Relation::Narrower => "narrower",
            Relation::Wider => "wider",
            Relation::Incomparable => "incomparable",
        }
    }

    fn names(&self) -> (String, String) {
        (self.new.join(" + "), self.base.join(" + "))
    }
}

/// For people: a line for each, and every call that gets farther.
pub(crate) fn text(all: &[Checked], container: &str) -> String {
    let mut text = String::new();
    for checked in all {
        let (new, base) = checked.names();
        let (sign, color, verdict) = if checked.passed() {
            ("ok", GREEN, "at most")
        } else {
            ("no", RED, "more than")
        };
        let (native, relation) = (checked.native, checked.relation());
        // Writing to a string does not fail.
        let _infallible = writeln!(
            text,
            "{color}{sign}{PLAIN}  {new} permits {verdict} {base}: {relation} ({native}, {container})"
        );
        text.push_str(&difference::wider_with_rules(&checked.difference));
        if !checked.passed() {
            text.push_str(&difference::count_line(&checked.difference, None));
        }
    }
    text
}

/// For machines; docs/check-format.md describes it.
pub(crate) fn json(all: &[Checked], container: &str) -> String {
    let checks = all
        .iter()
        .map(|checked| {
            let (new, base) = checked.names();
            let heading = Heading {
                old: &base,
                new: &new,
                native: checked.native,
                container,
            };
            // Maps with string keys, numbers and strings always serialise.
            serde_json::to_value(Row {
                new: &checked.new,
                at_most: &checked.base,
                passed: checked.passed(),
                difference: difference::value(&checked.difference, &heading, None),
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
