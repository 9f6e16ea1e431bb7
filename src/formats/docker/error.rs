//! Why JSON is no profile.

use super::MAX_BYTES;

/// How much of an error's text is kept, in characters: it may quote the file.
const MAX_TEXT: usize = 400;

/// Why bytes are no profile. Every message is one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// More bytes than are read.
    #[error("{bytes} bytes are too many for a profile; at most {MAX_BYTES} are read")]
    TooLarge {
        /// How many there are.
        bytes: usize,
    },
    /// Nothing but white space.
    #[error("the profile is empty")]
    Empty,
    /// A byte order mark, which neither Go nor crun takes.
    #[error("the profile begins with a byte order mark, which container engines refuse")]
    ByteOrderMark,
    /// Something else than an object.
    #[error("this is no seccomp profile: a JSON object begins with `{{`")]
    NotAnObject,
    /// `{}` and the like.
    #[error(
        "no `defaultAction` and no rules: with such a profile Docker runs the container without \
         seccomp"
    )]
    NoProfile,
    /// No `defaultAction`, but rules; engines refuse it too.
    #[error("`defaultAction` is missing")]
    NoDefaultAction,
    /// Two ways to say which architectures.
    #[error("both `architectures` and `archMap`: Docker refuses a profile with both")]
    TwoArchitectureLists,
    /// Anything that has a place.
    #[error("line {line}, column {column}: {text}")]
    At {
        /// From 1 on.
        line: usize,
        /// In bytes from 1 on; that of the last byte of what is wrong.
        column: usize,
        /// What is wrong, on one line.
        text: String,
    },
}

impl From<serde_json::Error> for FormatError {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let whole = error.to_string();
        let place = format!(" at line {line} column {column}");
        let text = whole.strip_suffix(&place).unwrap_or(&whole);
        Self::At {
            line,
            column,
            text: one_line(text),
        }
    }
}

/// Text with parts from the file, made harmless for a terminal and not too long. Quotation marks
/// and backslashes stay as they are.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == MAX_TEXT {
            line.push('…');
            break;
        }
        if matches!(c, '"' | '\'' | '\\') {
            line.push(c);
        } else {
            line.extend(c.escape_debug());
        }
    }
    line
}

/// A word from the file as an error shows it, cut to 80 characters.
pub(super) fn quoted(word: &str) -> String {
    let mut text = String::from("`");
    for (at, c) in word.chars().enumerate() {
        if at == 80 {
            text.push('…');
            break;
        }
        text.push(c);
    }
    text.push('`');
    text
}
