//! Lines and columns.

use std::ops::Range;

/// A position in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// In bytes from 0 on.
    pub offset: usize,
    /// From 1 on.
    pub line: usize,
    /// In characters from 1 on.
    pub column: usize,
}

/// A piece of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Of its first character.
    pub start: Place,
    /// After its last character.
    pub end: Place,
}

/// Finds lines and columns, however long a line is.
#[derive(Debug)]
pub(crate) struct Places<'t> {
    text: &'t str,
    /// Where lines begin, ascending.
    lines: Vec<usize>,
    /// How many characters there are before each block; none are needed where all is ASCII.
    blocks: Vec<usize>,
}

/// Bytes of a block.
const BLOCK: usize = 1024;

/// Whether a character begins with this byte.
const fn begins(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

impl<'t> Places<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(ends.map(|(at, _)| at + 1));
        let mut blocks = Vec::new();
        if !text.is_ascii() {
            let mut before = 0;
            for block in text.as_bytes().chunks(BLOCK) {
                blocks.push(before);
                before += block.iter().filter(|byte| begins(**byte)).count();
            }
        }
        Self {
            text,
            lines: lines.collect(),
            blocks,
        }
    }

    /// How many characters begin before `offset`.
    fn characters(&self, offset: usize) -> usize {
        let at = offset / BLOCK;
        match self.blocks.get(at) {
            Some(before) => {
                let rest = self.text.as_bytes().get(at * BLOCK..offset);
                let rest = rest.unwrap_or_default().iter();
                before + rest.filter(|byte| begins(**byte)).count()
            }
            None if self.blocks.is_empty() => offset,
            None => self.text.chars().count(),
        }
    }

    pub(crate) fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = line
            .checked_sub(1)
            .and_then(|at| self.lines.get(at))
            .copied()
            .unwrap_or_default();
        Place {
            offset,
            line,
            column: self.characters(offset) - self.characters(start) + 1,
        }
    }

    pub(crate) fn span(&self, range: &Range<usize>) -> Span {
        Span {
            start: self.place(range.start),
            end: self.place(range.end.max(range.start)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters() {
        let text = format!("a\nä{}ö!\n", "ß".repeat(3000));
        let places = Places::new(&text);
        let at = |offset: usize| {
            let place = places.place(offset);
            (place.line, place.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(1), (1, 2));
        assert_eq!(at(2), (2, 1));
        assert_eq!(at(4), (2, 2));
        assert_eq!(at(text.find('ö').unwrap()), (2, 3002));
        assert_eq!(at(text.find('!').unwrap()), (2, 3003));
        assert_eq!(at(text.len()), (3, 1));
        assert_eq!(at(text.len() + 7), (3, 1));
        assert_eq!(Places::new("").place(0).line, 1);
    }
}
