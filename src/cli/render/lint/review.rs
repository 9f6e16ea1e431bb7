//! Findings for a review: a comment, and annotations.

use callsieve::lint::{Finding, Severity};

use super::Linted;
use crate::cli::render::counted;
use crate::cli::render::github::{self, Annotation, Level};
use crate::cli::render::markdown::Comment;
use crate::cli::render::pieces::{Line, number_of, outside, own, plain};

/// What was found in all files, in one line.
fn headline(linted: &[Linted]) -> Line {
    let mut line = match linted {
        [one] => vec![own("Seccomp profile "), outside(&one.place), own(": ")],
        all => vec![own(format!("{} seccomp profiles: ", all.len()))],
    };
    line.push(own(counts(linted)));
    line
}

/// `1 error, 2 warnings, 0 notes`
fn counts(linted: &[Linted]) -> String {
    let count = |severity, what| {
        let all: usize = linted.iter().map(|file| file.report.count(severity)).sum();
        counted(number_of(all), what)
    };
    if linted.iter().all(is_clean) {
        return "no findings".to_owned();
    }
    [
        count(Severity::Error, "errors"),
        count(Severity::Warning, "warnings"),
        count(Severity::Note, "notes"),
    ]
    .join(", ")
}

/// Whether nothing was found and all was looked at.
pub(crate) fn is_clean(file: &Linted) -> bool {
    let report = &file.report;
    report.findings.is_empty() && report.dropped.is_empty() && report.not_checked.is_empty()
}

/// The findings of all files, the worst first.
fn worst(linted: &[Linted]) -> Vec<(&Linted, &Finding)> {
    let mut all: Vec<(&Linted, &Finding)> = linted
        .iter()
        .flat_map(|file| file.report.findings.iter().map(move |it| (file, it)))
        .collect();
    all.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
    all
}

/// A comment for a review: errors and warnings in a table, notes folded.
pub(crate) fn markdown(linted: &[Linted]) -> String {
    let names: Vec<&str> = linted.iter().map(|file| file.place.as_str()).collect();
    let (headline, about) = (headline(linted), names.join(" "));
    if linted.iter().all(is_clean) {
        return Comment::new(&headline, "lint", &about).finish();
    }
    let mut comment = Comment::titled(&headline, "lint", &about);
    let all = worst(linted);
    let (notes, bad): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|(_, finding)| finding.severity == Severity::Note);
    let heads = ["", "rule", "line", "finding"];
    let rows = |all: &[(&Linted, &Finding)]| -> Vec<Vec<Line>> {
        all.iter()
            .map(|(file, finding)| row(file, finding))
            .collect()
    };
    comment.table(&heads, &rows(&bad), "findings");
    for line in linted.iter().flat_map(gaps) {
        comment.paragraph(&line);
    }
    if !notes.is_empty() {
        let summary = counted(number_of(notes.len()), "notes");
        comment.folded(&summary, |comment| {
            comment.table(&heads, &rows(&notes), "notes");
        });
    }
    comment.finish()
}

fn row(file: &Linted, finding: &Finding) -> Vec<Line> {
    let info = finding.rule.info();
    let place = format!("{}:{}", file.place, finding.span.start.line);
    let mut text = quoted(&finding.message);
    for more in finding.notes.iter().chain(&finding.help) {
        text.push(own(". "));
        text.extend(quoted(more));
    }
    vec![
        vec![own(finding.severity.name())],
        vec![own(format!("{} {}", info.id, info.name))],
        vec![outside(&place)],
        text,
    ]
}

/// A message, of which what stands between backquotes is from the file. If that has backquotes
/// itself, or else looks as if it were more than words, all of it is.
fn quoted(message: &str) -> Line {
    let parts: Vec<&str> = message.split('`').collect();
    let is_words = |text: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || " ,;.()'=-_/".contains(c);
        text.chars().all(plain) && !text.contains("www.") && !text.contains("//")
    };
    if parts.len().is_multiple_of(2) || !parts.iter().step_by(2).all(|part| is_words(part)) {
        return vec![outside(message)];
    }
    let parts = parts.into_iter().enumerate();
    parts
        .filter(|(_, part)| !part.is_empty())
        .map(|(at, part)| {
            if at.is_multiple_of(2) {
                own(part)
            } else {
                outside(part)
            }
        })
        .collect()
}

/// What is not in the list of findings.
fn gaps(file: &Linted) -> Vec<Line> {
    let dropped = file.report.dropped.iter().map(|(rule, count)| {
        vec![
            outside(&file.place),
            own(format!(": {count} more findings of {rule}")),
        ]
    });
    let gaps = file
        .report
        .not_checked
        .iter()
        .map(|what| vec![outside(&file.place), own(": not checked: "), outside(what)]);
    dropped.chain(gaps).collect()
}

/// For a workflow of GitHub Actions.
pub(crate) fn github(linted: &[Linted]) -> String {
    let found = worst(linted).into_iter().map(|(file, finding)| {
        let info = finding.rule.info();
        let mut message = finding.message.clone();
        for more in finding.notes.iter().chain(&finding.help) {
            message.push_str(". ");
            message.push_str(more);
        }
        Annotation {
            level: match finding.severity {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warning,
                Severity::Note => Level::Notice,
            },
            file: Some(file.path.to_string_lossy().into_owned()),
            line: Some(finding.span.start.line),
            title: format!("{} {}", info.id, info.name),
            message,
        }
    });
    let mut total = plain(&headline(linted));
    for line in linted.iter().flat_map(gaps) {
        total.push_str("; ");
        total.push_str(&plain(&line));
    }
    github::commands(found.collect(), &total)
}
