//! For a comment in a review.

use super::rows::{Piece, rows};
use crate::cli::explanation::Explanation;
use crate::cli::render::safe;

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
        let lines: Vec<String> = row
            .lines
            .into_iter()
            .map(|line| {
                line.into_iter()
                    .map(|piece| match piece {
                        Piece::Own(text) => escaped(&text),
                        Piece::Outside(text) => code(&text),
                    })
                    .collect()
            })
            .collect();
        let label = escaped(&row.label);
        text.push_str(&format_args!("| {label} | {} |\n", lines.join("<br>")).to_string());
    }
    text
}

/// Text from outside: in a `code` element, where no mention and no link is made of it. Not
/// between backquotes, as it may have some itself.
fn code(text: &str) -> String {
    let mut out = String::from("<code>");
    for c in escaped(&safe(text)).chars() {
        // What addresses and mentions are known by.
        if matches!(c, ':' | '/' | '.' | '@') {
            out.push('\\');
        }
        out.push(c);
    }
    out + "</code>"
}

/// Text that means nothing to Markdown or HTML: a backslash takes the meaning from punctuation.
/// `<`, `>` and `&` are entities, as some renderers look for HTML first.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '!' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
