//! For a comment in a review.

use super::rows::rows;
use crate::cli::explanation::Explanation;
use crate::cli::render::markdown::{escaped, line};

/// All calls, one after the other.
pub(crate) fn markdown(all: &[Explanation], container: &str, verbose: bool) -> String {
    let texts: Vec<String> = all.iter().map(|it| one(it, container, verbose)).collect();
    texts.join("\n")
}

fn one(it: &Explanation, container: &str, verbose: bool) -> String {
    let mut text = format!(
        "### `{}`: {}\n\n| {} | {} |\n| --- | --- |\n",
        it.syscall,
        escaped(it.what),
        escaped(it.native),
        escaped(container)
    );
    for row in rows(it, verbose) {
        let lines: Vec<String> = row.lines.iter().map(|it| line(it)).collect();
        let label = escaped(&row.label);
        text.push_str(&format_args!("| {label} | {} |\n", lines.join("<br>")).to_string());
    }
    text
}
