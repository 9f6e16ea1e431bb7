//! The formats that are read, and which one a log is in.

use std::fmt;
use std::str::FromStr;

use super::by_line::Frame;
use super::reader::{Reader, Start};
use super::{names, strace};
use crate::arch::Arch;

/// How many bytes of a log's start tell its format.
pub const DETECT_BYTES: usize = 64 << 10;

/// What kind of log a log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// Text of strace, with whatever options.
    Strace,
    /// A list of names.
    Names,
}

/// What is known of a format.
struct Entry {
    format: Format,
    /// Its name for users.
    name: &'static str,
    /// What it is, for a list.
    about: &'static str,
    /// What a line of it may be, for errors.
    example: &'static str,
    /// Whether the start of a log shows it.
    detect: fn(&Start<'_>) -> bool,
    /// A reader of it.
    reader: fn(Option<Arch>) -> Box<dyn Reader>,
}

const STRACE: Entry = Entry {
    format: Format::Strace,
    name: "strace",
    about: "strace with whatever options, -c tables too",
    example: "openat(AT_FDCWD, \"/etc\", 0) = 3",
    detect: strace::detect,
    reader: |told| Box::new(strace::Reader::new(told)),
};

/// The formats. Of several that a log may be in, the first counts, so those whose lines can't be
/// another's stand first.
const ENTRIES: &[Entry] = &[
    Entry {
        format: Format::Names,
        name: "names",
        about: "names or numbers of calls, one or several a line; not observed, so incomplete",
        example: "openat",
        detect: names::detect,
        reader: |told| Box::new(Frame::new(Format::Names, names::Names, told)),
    },
    STRACE,
];

impl Format {
    /// Every format.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        ENTRIES.iter().map(|entry| entry.format)
    }

    fn entry(self) -> &'static Entry {
        // Each has one; a test holds that.
        ENTRIES
            .iter()
            .find(|entry| entry.format == self)
            .unwrap_or(&STRACE)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// What it is.
    pub fn about(self) -> &'static str {
        self.entry().about
    }

    /// A line of it.
    pub fn example(self) -> &'static str {
        self.entry().example
    }

    /// The format of a log that starts so, by its content; `None` if it is none of them. `whole`
    /// is whether that is all of it.
    pub fn detect(head: &[u8], whole: bool) -> Option<Self> {
        let head = head.get(..DETECT_BYTES).unwrap_or(head);
        let start = Start::new(head, whole);
        let found = ENTRIES.iter().find(|entry| (entry.detect)(&start))?;
        Some(found.format)
    }

    /// A reader of it; `told` is the architecture for what a log leaves open.
    pub(super) fn reader(self, told: Option<Arch>) -> Box<dyn Reader> {
        (self.entry().reader)(told)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no format; expected one of {}", word.escape_debug(), all_names())]
pub struct UnknownFormat {
    word: String,
}

fn all_names() -> String {
    let names: Vec<&str> = ENTRIES.iter().map(|entry| entry.name).collect();
    names.join(", ")
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, UnknownFormat> {
        let found = ENTRIES.iter().find(|entry| entry.name == word);
        found
            .map(|entry| entry.format)
            .ok_or_else(|| UnknownFormat {
                word: word.chars().take(40).collect(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_has_its_entry() {
        for format in Format::all() {
            assert_eq!(format.entry().format, format);
            assert_eq!(format.name().parse::<Format>(), Ok(format));
            assert!(!format.about().is_empty() && !format.example().is_empty());
        }
        assert!("nonsense".parse::<Format>().is_err());
    }
}
