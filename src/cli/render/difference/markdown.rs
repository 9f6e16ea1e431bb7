//! A comparison as a comment in a review: what is wider in a table, all else folded.

use std::collections::BTreeMap;

use callsieve::profile::diff::{Change, Extent};
use callsieve::syscalls::{Group, group};

use super::super::markdown::Comment;
use super::super::pieces::{Line, Piece, number_of, outside, own};
use super::super::{add, counted};
use super::headline::count_line;
use super::{Compared, Row, answers, calls, headline, name};

/// A comment of `diff`.
pub(crate) fn markdown(compared: &Compared<'_>) -> String {
    let about = compared.heading.new;
    let first = headline(compared);
    if compared.difference.is_identical() {
        return Comment::new(&first, "diff", about).finish();
    }
    let mut comment = Comment::titled(&first, "diff", about);
    comment.paragraph(&against(compared));
    wider_table(&mut comment, compared);
    details(&mut comment, compared);
    comment.finish()
}

/// What it was compared with.
fn against(compared: &Compared<'_>) -> Line {
    let heading = &compared.heading;
    let recordings = compared.causes.map_or_else(String::new, |causes| {
        let count = number_of(causes.recordings());
        format!(", {}", counted(count, "recordings"))
    });
    vec![
        own("Against "),
        outside(heading.old),
        own(format!(
            " ({}, {}{recordings}).",
            heading.native, heading.container
        )),
    ]
}

/// What got wider, the worst first.
pub(crate) fn wider_table(comment: &mut Comment, compared: &Compared<'_>) {
    let rows = compared.wider();
    let mut heads = vec!["", "wider", "from → to"];
    if compared.causes.is_some() {
        heads.push("used by");
    }
    heads.push("risk");
    if compared.outside.is_some() {
        heads.push("Docker's default");
    }
    let rows: Vec<Vec<Line>> = rows.iter().map(|row| cells(compared, row)).collect();
    comment.table(&heads, &rows, "calls");
}

fn cells(compared: &Compared<'_>, row: &Row<'_>) -> Vec<Line> {
    let mark = if row.outside == Some(true) {
        "⚠"
    } else {
        "+"
    };
    let mut cells = vec![
        vec![own(mark)],
        call(compared, row),
        vec![own(answers(row.change))],
    ];
    if compared.causes.is_some() {
        cells.push(joined(&row.causes));
    }
    cells.push(vec![own(row.risk().unwrap_or_default())]);
    if compared.outside.is_some() {
        cells.push(vec![own(row.default().unwrap_or_default())]);
    }
    cells
}

/// The call, and its architectures where there are several.
fn call(compared: &Compared<'_>, row: &Row<'_>) -> Line {
    let mut line = vec![outside(&row.change.call.to_string())];
    if compared.difference.arches.len() > 1 {
        let names: Vec<&str> = row.arches.iter().map(|arch| arch.name()).collect();
        line.push(own(format!(" ({})", names.join(", "))));
    }
    line
}

fn joined(lines: &[Line]) -> Line {
    let mut all = Line::new();
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            all.push(own("; "));
        }
        all.extend(line.iter().cloned());
    }
    all
}

/// Everything that a reviewer need not look at: what got narrower, what is answered in another
/// way. What recordings have all the same is not folded.
pub(crate) fn details(comment: &mut Comment, compared: &Compared<'_>) {
    let difference = compared.difference;
    let missed = compared.missed();
    if !missed.is_empty() {
        comment.paragraph(&[own("No longer reachable, though recorded:")]);
        let rows: Vec<Vec<Line>> = missed
            .iter()
            .map(|row| {
                vec![
                    call(compared, row),
                    vec![own(answers(row.change))],
                    joined(&row.causes),
                ]
            })
            .collect();
        comment.table(&["removed", "from → to", "used by"], &rows, "calls");
    }
    if difference.narrower.is_empty() && difference.changed.is_empty() {
        return;
    }
    let counts = count_line(difference, compared.outside);
    comment.folded(counts.trim_end_matches(".\n"), |comment| {
        let (by_argument, whole): (Vec<&Change>, Vec<&Change>) = difference
            .narrower
            .iter()
            .partition(|change| change.extent == Extent::ByArgument);
        let rows: Vec<Vec<Line>> = compared
            .together(&by_argument)
            .iter()
            .map(|row| vec![call(compared, row), vec![own(answers(row.change))]])
            .collect();
        comment.table(&["narrower by argument", "from → to"], &rows, "calls");
        comment.list(&removed(&whole), "lines");
        comment.list(&changed(&difference.changed), "lines");
    });
}

/// What is no longer reachable, by architecture and family.
fn removed(changes: &[&Change]) -> Vec<Line> {
    let mut families: BTreeMap<(&str, Group), Vec<&str>> = BTreeMap::new();
    let mut lines = Vec::new();
    for change in changes {
        let arch = change.arch.name();
        if let Some(name) = name(change) {
            families.entry((arch, group(name))).or_default().push(name);
        } else {
            let count = calls([*change]);
            lines.push(vec![own(format!(
                "removed on {arch}: {} ({count})",
                change.call
            ))]);
        }
    }
    for ((arch, group), names) in families {
        let mut line = vec![own(format!("removed on {arch}, {}: ", group.name()))];
        line.extend(listed(&names));
        lines.push(line);
    }
    lines
}

fn listed(names: &[&str]) -> Line {
    let mut line = Line::new();
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            line.push(own(", "));
        }
        line.push(Piece::Outside((*name).to_owned()));
    }
    line
}

/// What is refused or permitted in another way, by the two answers.
fn changed(changes: &[Change]) -> Vec<Line> {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for change in changes {
        let mut kind = String::new();
        add(&mut kind, format_args!("{} -> {}", change.old, change.new));
        *kinds.entry(kind).or_default() += 1;
    }
    let lines = kinds.into_iter();
    lines
        .map(|(kind, count)| vec![own(format!("answered in another way: {count} {kind}"))])
        .collect()
}
