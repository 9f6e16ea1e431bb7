//! For a terminal.

use super::rows::rows;
use crate::cli::explanation::Explanation;
use crate::cli::render::pieces::plain;
use crate::cli::render::wrap::Page;

/// Where what is said begins.
const INDENT: usize = 19;

const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[31m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

/// All calls, one after the other.
pub(crate) fn text(all: &[Explanation], container: &str, page: Page) -> String {
    let texts: Vec<String> = all.iter().map(|it| one(it, container, page)).collect();
    texts.join("\n")
}

fn one(it: &Explanation, container: &str, page: Page) -> String {
    let mut text = format!(
        "{BOLD}{}{PLAIN}: {}\n{}, {container}\n\n",
        it.syscall, it.what, it.native
    );
    for row in rows(it, page.verbose) {
        let color = match (row.label.as_str(), it.risk.class) {
            ("risk", 3..) => RED,
            ("risk", 2) => YELLOW,
            _ => "",
        };
        let mut label = row.label;
        for line in row.lines {
            let line = plain(&line);
            for part in wrapped(&line, page.width.saturating_sub(INDENT)) {
                let end = if color.is_empty() { "" } else { PLAIN };
                let line = format!("  {label:<16} {color}{part}{end}");
                text.push_str(line.trim_end());
                text.push('\n');
                label.clear();
            }
        }
    }
    text
}

/// A line in parts that fit beside the label; a longer word is on a line of its own.
fn wrapped(line: &str, width: usize) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for word in line.split(' ') {
        // Many flags are one word.
        let mut gap = " ";
        for piece in word.split_inclusive('|') {
            let length = gap.len() + piece.chars().count();
            match parts.last_mut() {
                Some(part) if part.chars().count() + length <= width => {
                    part.push_str(gap);
                    part.push_str(piece);
                }
                _ => parts.push(piece.to_owned()),
            }
            gap = "";
        }
    }
    parts
}
