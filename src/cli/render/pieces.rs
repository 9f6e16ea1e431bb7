//! Lines of which every part tells whether it is our own or came from a file.

use super::safe;

/// A part of a line.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    /// Our own words.
    Own(String),
    /// What came from a file: a path, the name of a process.
    Outside(String),
}

/// A line.
pub(crate) type Line = Vec<Piece>;

/// Our own words.
pub(crate) fn own(text: impl Into<String>) -> Piece {
    Piece::Own(text.into())
}

/// Words from a file.
pub(crate) fn outside(text: &str) -> Piece {
    Piece::Outside(text.to_owned())
}

/// A line for a terminal or for JSON: what does not print is escaped.
pub(crate) fn plain(line: &[Piece]) -> String {
    line.iter()
        .map(|piece| match piece {
            Piece::Own(text) => text.clone(),
            Piece::Outside(text) => safe(&shortened(text)),
        })
        .collect()
}

/// Longest text from outside that is shown whole, in characters.
const LONGEST: usize = 160;

/// Text that is too long to be read, without its middle.
pub(crate) fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let half = LONGEST / 2;
    let begin: String = text.chars().take(half).collect();
    let end: Vec<char> = text.chars().rev().take(half).collect();
    begin + "…" + &end.into_iter().rev().collect::<String>()
}

/// A count as a number that is printed.
pub(crate) fn number_of(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
