//! A comparison as annotations of a pull request.

use super::super::github::{Annotation, Level, commands};
use super::super::pieces::plain;
use super::headline::news;
use super::{Compared, Row, answers};

/// For a workflow of GitHub Actions.
pub(crate) fn github(compared: &Compared<'_>) -> String {
    let total = format!("{}: {}", compared.heading.new, news(compared));
    commands(annotations(compared), &total)
}

/// One for each call that got wider.
pub(crate) fn annotations(compared: &Compared<'_>) -> Vec<Annotation> {
    let file = compared
        .file
        .map(|file| file.path.to_string_lossy().into_owned());
    compared
        .wider()
        .iter()
        .map(|row| Annotation {
            level: if row.outside == Some(true) {
                Level::Error
            } else {
                Level::Warning
            },
            file: file.clone(),
            line: compared.span(row.change).map(|span| span.start.line),
            title: format!("{} is wider", row.change.call),
            message: message(row),
        })
        .collect()
}

/// Everything on a call in one line.
pub(super) fn message(row: &Row<'_>) -> String {
    let arches: Vec<&str> = row.arches.iter().map(|arch| arch.name()).collect();
    let mut parts = vec![format!(
        "{} gets farther on {}: {}",
        row.change.call,
        arches.join(", "),
        answers(row.change)
    )];
    parts.extend(row.default().map(ToOwned::to_owned));
    parts.extend(row.risk());
    parts.extend(row.causes.iter().map(|it| plain(it)));
    parts.join(". ")
}
