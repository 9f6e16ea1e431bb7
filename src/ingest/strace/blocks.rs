//! Reads a log in blocks of whole lines, looks at them on as many threads as there are, and takes
//! them in, in order.

use std::io::{self, Read};

use super::lex::{Found, Lexer};
use super::marks::Marks;
use crate::sys::{PADDING, Padded};

/// Bytes read at once. A block, its marks and what was found in it stay in the cache of a core.
/// With the begin of a line before it, it fits into 512 KiB.
const BLOCK: usize = (512 << 10) - (8 << 10);
/// Longest line kept whole, as in `lines`.
const LONGEST: usize = crate::ingest::lines::MAX_LINE;

/// A part of a log.
#[derive(Debug)]
pub(super) enum Part {
    /// Whole lines.
    Lines(Block),
    /// One line that is cut or has no end.
    Odd {
        bytes: Vec<u8>,
        terminated: bool,
        cut: bool,
    },
}

/// Whole lines and what they say.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// The lines, and zeros behind them.
    bytes: Vec<u8>,
    /// How many of the bytes are lines.
    len: usize,
    marks: Marks,
    pub(super) found: Vec<Found>,
}

impl Block {
    /// The lines.
    pub(super) fn lines(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Looks at the lines.
    pub(super) fn look(&mut self, lexer: &Lexer) {
        let lines = Padded::new(&mut self.bytes, self.len);
        lexer.look(lines, &mut self.marks, &mut self.found);
    }
}

/// Cuts what a reader gives into parts.
#[derive(Debug)]
pub(super) struct Blocks<R> {
    reader: R,
    /// The begin of the line that the last block ended in.
    rest: Vec<u8>,
    over: bool,
}

impl<R: Read> Blocks<R> {
    pub(super) const fn new(reader: R) -> Self {
        Self {
            reader,
            rest: Vec::new(),
            over: false,
        }
    }

    /// The next part. `block` is one no longer needed.
    pub(super) fn next(&mut self, mut block: Block) -> io::Result<Option<Part>> {
        if self.over {
            return Ok(None);
        }
        let bytes = &mut block.bytes;
        let mut filled = self.rest.len();
        bytes.resize(bytes.len().max(filled + BLOCK + PADDING), 0);
        if let Some(begin) = bytes.get_mut(..filled) {
            begin.copy_from_slice(&self.rest);
        }
        self.rest.clear();
        // What was left of a line too long may hold lines.
        let mut searched = 0;
        loop {
            let room = bytes.get_mut(filled..filled + BLOCK).unwrap_or_default();
            let read = read_some(&mut self.reader, room)?;
            filled += read;
            let new = bytes.get(searched..filled).unwrap_or_default();
            let end = memchr::memrchr(b'\n', new).map(|at| searched + at + 1);
            let first = memchr::memchr(b'\n', new).map(|at| searched + at);
            searched = filled;
            if first.unwrap_or(filled) >= LONGEST {
                let terminated = if let Some(first) = first {
                    let rest = bytes.get(first + 1..filled).unwrap_or_default();
                    self.rest.extend_from_slice(rest);
                    true
                } else {
                    self.skip_line()?
                };
                bytes.truncate(LONGEST);
                return Ok(Some(Part::Odd {
                    bytes: std::mem::take(bytes),
                    terminated,
                    cut: true,
                }));
            }
            if let Some(end) = end {
                let rest = bytes.get(end..filled).unwrap_or_default();
                self.rest.extend_from_slice(rest);
                // What was there before must not look like a part of the last line.
                if let Some(slack) = bytes.get_mut(end..end + PADDING) {
                    slack.fill(0);
                }
                block.len = end;
                return Ok(Some(Part::Lines(block)));
            }
            if read == 0 {
                self.over = true;
                bytes.truncate(filled);
                let bytes = std::mem::take(bytes);
                return Ok((filled > 0).then_some(Part::Odd {
                    bytes,
                    terminated: false,
                    cut: false,
                }));
            }
            bytes.resize(bytes.len().max(filled + BLOCK + PADDING), 0);
        }
    }

    /// Reads on to the end of a line; whether it has one.
    fn skip_line(&mut self) -> io::Result<bool> {
        let mut room = vec![0; BLOCK];
        loop {
            let read = read_some(&mut self.reader, &mut room)?;
            if read == 0 {
                self.over = true;
                return Ok(false);
            }
            let new = room.get(..read).unwrap_or_default();
            if let Some(end) = memchr::memchr(b'\n', new) {
                let rest = new.get(end + 1..).unwrap_or_default();
                self.rest.extend_from_slice(rest);
                return Ok(true);
            }
        }
    }
}

fn read_some(reader: &mut impl Read, room: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
