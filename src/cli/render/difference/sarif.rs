//! A comparison as SARIF: what got wider, each at its line of the profile.

use std::path::Path;

use callsieve::profile::diff::Extent;
use serde_json::json as object;

use super::super::sarif::{Found, Level, RuleText, log, uri};
use super::{Compared, Row, github, name};
use crate::cli::operand::ProfileFile;

/// The kinds of results, by position.
pub(crate) const RULES: [RuleText<'static>; 4] = [
    RuleText {
        id: "wider-outside-default",
        name: "WiderOutsideDockersDefault",
        title: "a call is permitted that Docker's default refuses",
        reason: "The call gets farther than in the profile that it was compared with, and farther \
                 than in Docker's default, which is what containers have without a profile.",
        help: "`callsieve explain CALL PROFILE RECORDING` tells what it is for, and who calls it.",
        level: Level::Error,
    },
    RuleText {
        id: "wider",
        name: "Wider",
        title: "a call is newly permitted",
        reason: "The call gets farther than in the profile that it was compared with.",
        help: "`callsieve explain CALL PROFILE RECORDING` tells what it is for, and who calls it.",
        level: Level::Warning,
    },
    RuleText {
        id: "wider-by-argument",
        name: "WiderByArgument",
        title: "a call is permitted with more arguments",
        reason: "The call was permitted for some arguments, and is for more of them now.",
        help: "`callsieve explain CALL PROFILE RECORDING` tells what it is for, and who calls it.",
        level: Level::Warning,
    },
    RuleText {
        id: "wider-unnamed",
        name: "WiderUnnamed",
        title: "calls without a name are permitted",
        reason: "Numbers that have no name, or all calls of an architecture, get farther than in \
                 the profile that it was compared with; calls that come later may be among them.",
        help: "List what is needed by name, and only architectures that are used.",
        level: Level::Error,
    },
];

/// For code scanning.
pub(crate) fn sarif(compared: &Compared<'_>) -> String {
    log(&RULES, found(compared), Vec::new())
}

/// One result for each call that got wider.
pub(crate) fn found(compared: &Compared<'_>) -> Vec<Found> {
    let uri = compared
        .file
        .map_or_else(|| uri(Path::new(compared.heading.new)), ProfileFile::uri);
    let wider = compared.wider();
    let found = wider.iter().map(|row| Found {
        rule: rule(row),
        level: RULES
            .get(rule(row))
            .map_or(Level::Warning, |rule| rule.level),
        message: github::message(row),
        uri: uri.clone(),
        span: compared.span(row.change),
        identity: identity(row),
        properties: object!({
            "old": compared.heading.old,
            "architectures": row.arches.iter().map(|arch| arch.name()).collect::<Vec<_>>(),
        }),
        fixes: Vec::new(),
    });
    found.collect()
}

fn rule(row: &Row<'_>) -> usize {
    match (name(row.change), row.outside, row.change.extent) {
        (None, ..) => 3,
        (Some(_), Some(true), _) => 0,
        (Some(_), _, Extent::ByArgument) => 2,
        (Some(_), _, Extent::Whole) => 1,
    }
}

/// The call and what becomes of it: neither lines nor who was seen to call it.
fn identity(row: &Row<'_>) -> String {
    let arches: Vec<&str> = row.arches.iter().map(|arch| arch.name()).collect();
    let change = row.change;
    format!("{} {} {}", arches.join(","), change.call, change.new)
}
