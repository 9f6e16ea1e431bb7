//! Sentences with all counts.

use callsieve::profile::diff::{Change, Difference, Extent};

use super::super::pieces::{Line, number_of, outside, own};
use super::super::{counted, system_calls};
use super::{Compared, Outside, calls};

fn narrower(difference: &Difference, extent: Extent) -> impl Iterator<Item = &Change> {
    let all = difference.narrower.iter();
    all.filter(move |change| change.extent == extent)
}

/// `2 wider (1 outside Docker's default), 0 narrower by argument, 12 removed, 86 unchanged.`
pub(crate) fn count_line(difference: &Difference, outside: Option<&Outside>) -> String {
    let outside = match outside {
        Some(outside) if !difference.wider.is_empty() => {
            format!(" ({} outside Docker's default)", outside.len())
        }
        _ => String::new(),
    };
    let mut parts = vec![
        format!("{} wider{outside}", calls(&difference.wider)),
        format!(
            "{} narrower by argument",
            calls(narrower(difference, Extent::ByArgument))
        ),
        format!("{} removed", calls(narrower(difference, Extent::Whole))),
    ];
    if !difference.changed.is_empty() {
        parts.push(format!(
            "{} answered in another way",
            difference.changed.len()
        ));
    }
    format!(
        "{}, {} unchanged.\n",
        parts.join(", "),
        difference.unchanged()
    )
}

/// The whole message in one line: `Seccomp profile web.json: 2 system calls wider, 1 of them
/// outside Docker's default`.
pub(crate) fn headline(compared: &Compared<'_>) -> Line {
    let mut line = vec![own("Seccomp profile "), outside(compared.heading.new)];
    line.push(own(format!(": {}", news(compared))));
    line
}

/// What is new, without the profile's name.
pub(crate) fn news(compared: &Compared<'_>) -> String {
    let difference = compared.difference;
    if difference.is_identical() {
        let recordings = compared.causes.map_or_else(String::new, |causes| {
            let count = number_of(causes.recordings());
            format!(", {}", counted(count, "recordings"))
        });
        let unchanged = system_calls(difference.unchanged());
        return format!("unchanged ({unchanged}{recordings})");
    }
    let wider = calls(&difference.wider);
    if wider > 0 {
        let outside = match compared.outside.map_or(0, Outside::len) {
            0 => String::new(),
            outside if outside == wider && wider == 1 => ", outside Docker's default".to_owned(),
            outside if outside == wider => ", all of them outside Docker's default".to_owned(),
            outside => format!(", {outside} of them outside Docker's default"),
        };
        return format!("{} wider{outside}", system_calls(wider));
    }
    let removed = calls(narrower(difference, Extent::Whole));
    let by_argument = calls(narrower(difference, Extent::ByArgument));
    let parts: Vec<String> = [
        (removed, "removed"),
        (by_argument, "narrower by argument"),
        (difference.changed.len(), "answered in another way"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect();
    format!("nothing wider, {}", parts.join(", "))
}
