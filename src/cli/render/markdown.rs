//! Markdown for a comment in a review, in which nothing from outside means anything.

use super::pieces::{Line, Piece, number_of, shortened};
use super::{add, counted, safe};

/// The most that GitHub takes as one comment, in characters; bytes are never fewer.
const LIMIT: usize = 65_536;
/// What is kept of it for the ends of tables and the foot.
const RESERVE: usize = 4_096;

/// Text from outside, as code, where no mention and no link is made of it. Between backquotes if
/// there is nothing in it that could mean something even there, else in a `code` element.
pub(crate) fn code(text: &str) -> String {
    let text = safe(&shortened(text));
    let is_plain = |c: char| c.is_alphanumeric() || " -_./:@+=,".contains(c);
    if text.trim() == text && !text.is_empty() && text.chars().all(is_plain) {
        return format!("`{text}`");
    }
    let mut out = String::from("<code>");
    for c in escaped(&text).chars() {
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
pub(crate) fn escaped(text: &str) -> String {
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

/// A line of which every part is written as what it is.
pub(crate) fn line(line: &[Piece]) -> String {
    line.iter()
        .map(|piece| match piece {
            Piece::Own(text) => escaped(text),
            Piece::Outside(text) => code(text),
        })
        .collect()
}

/// A comment: its first line is the whole message, and it is never longer than it may be.
#[derive(Debug)]
pub(crate) struct Comment {
    text: String,
}

impl Comment {
    /// A comment of a command on what has this name, by which it is found again.
    pub(crate) fn new(headline: &[Piece], command: &str, about: &str) -> Self {
        Self {
            text: format!(
                "{}\n<!-- callsieve:{command}:{} -->\n",
                line(headline),
                key(about)
            ),
        }
    }

    /// One with a heading.
    pub(crate) fn titled(headline: &[Piece], command: &str, about: &str) -> Self {
        let mut comment = Self::new(headline, command, about);
        comment.text.insert_str(0, "### ");
        comment
    }

    /// Adds a paragraph.
    pub(crate) fn paragraph(&mut self, text: &[Piece]) {
        let text = format!("\n{}\n", line(text));
        if self.fits(&text) {
            self.text.push_str(&text);
        }
    }

    /// Adds a table of so many columns as it has heads. Rows for which there is no room are
    /// counted.
    pub(crate) fn table(&mut self, heads: &[&str], rows: &[Vec<Line>], what: &str) {
        if rows.is_empty() {
            return;
        }
        let rule = "| --- ".repeat(heads.len());
        let head = format!("\n| {} |\n{rule}|\n", heads.join(" | "));
        let cells = |row: &Vec<Line>| {
            let cells: Vec<String> = row.iter().map(|cell| line(cell)).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rows: Vec<String> = rows.iter().map(cells).collect();
        self.lines(&head, &rows, what);
    }

    /// Adds something that is folded: what is added by `inside`.
    pub(crate) fn folded(&mut self, summary: &str, inside: impl FnOnce(&mut Self)) {
        let open = format!("\n<details><summary>{}</summary>\n", escaped(summary));
        self.text.push_str(&open);
        inside(self);
        self.text.push_str("\n</details>\n");
    }

    /// Adds a list. Items for which there is no room are counted.
    pub(crate) fn list(&mut self, items: &[Line], what: &str) {
        if items.is_empty() {
            return;
        }
        let items: Vec<String> = items.iter().map(|it| format!("- {}\n", line(it))).collect();
        self.lines("\n", &items, what);
    }

    /// Lines up to the first for which there is no room, and how many there are more.
    fn lines(&mut self, head: &str, lines: &[String], what: &str) {
        let mut room = (LIMIT - RESERVE).saturating_sub(self.text.len() + head.len());
        let fit = lines.iter().take_while(|line| {
            let fits = line.len() <= room;
            room = room.saturating_sub(line.len());
            fits
        });
        let fit = fit.count();
        if fit > 0 {
            self.text.push_str(head);
        }
        self.text.extend(lines.iter().take(fit).map(String::as_str));
        if fit < lines.len() {
            let more = counted(number_of(lines.len() - fit), what);
            add(
                &mut self.text,
                format_args!("\n…and {} that found no room here\n", escaped(&more)),
            );
        }
    }

    fn fits(&self, text: &str) -> bool {
        self.text.len() + text.len() <= LIMIT - RESERVE
    }

    /// The comment.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

/// A name as it can stand in an HTML comment: no space, no `>`, no two hyphens after each other.
fn key(name: &str) -> String {
    let mut key = String::new();
    for byte in shortened(name).bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"._/@:+".contains(&byte);
        if plain || (byte == b'-' && !key.ends_with('-') && !key.is_empty()) {
            key.push(char::from(byte));
        } else {
            add(&mut key, format_args!("%{byte:02X}"));
        }
    }
    if key.ends_with('-') {
        key.pop();
        key.push_str("%2D");
    }
    key
}

#[cfg(test)]
mod tests {
    use super::super::pieces::{outside, own};
    use super::*;

    #[test]
    fn keys_end_no_comment() {
        for (name, expected) in [
            ("deploy/web.json", "deploy/web.json"),
            ("-->x", "%2D-%3Ex"),
            ("a--b-", "a-%2Db%2D"),
            ("a b\n", "a%20b%0A"),
        ] {
            assert_eq!(key(name), expected);
        }
    }

    #[test]
    fn a_comment_is_never_too_long() {
        let mut comment = Comment::new(&[own("x")], "diff", &"ü".repeat(1000));
        let rows: Vec<Vec<Line>> = (0..9000)
            .map(|_| vec![vec![outside(&"|<@\u{202e}".repeat(100))], vec![own("y")]])
            .collect();
        comment.table(&["a", "b"], &rows, "calls");
        for _ in 0..3 {
            comment.folded("more", |comment| {
                comment.table(&["a", "b"], &rows, "calls");
                comment.list(&vec![vec![own("z")]; 9000], "calls");
            });
        }
        comment.paragraph(&[own("z".repeat(LIMIT))]);
        let text = comment.finish();
        assert!(text.len() <= LIMIT, "{}", text.len());
        assert!(text.contains("that found no room here"));
    }
}
