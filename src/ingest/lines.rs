//! Lines of a file, in memory that does not grow with it.

use std::io::{self, Read};

/// Bytes kept of a line; what is longer is cut. strace's own lines stay below it by far unless
/// `-s` was set to a million.
pub(super) const MAX_LINE: usize = 1 << 20;
const CHUNK: usize = 256 << 10;
/// What a terminal's colours begin with.
pub(super) const ESCAPE: u8 = 0x1b;

/// A line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Its text, without the line end.
    pub(super) bytes: &'a [u8],
    /// Whether it has a line end.
    pub(super) terminated: bool,
    /// Whether it was longer than what is kept.
    pub(super) cut: bool,
    /// Whether it may hold an [`ESCAPE`]: known for many lines at once, of which mostly none does.
    pub(super) near_escape: bool,
}

/// Splits what a reader gives into lines.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    /// The next line starts here.
    start: usize,
    /// Line ends were looked for up to here.
    searched: usize,
    end: usize,
    eof: bool,
    /// Any part read so far had an [`ESCAPE`].
    escapes: bool,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: vec![0; CHUNK],
            start: 0,
            searched: 0,
            end: 0,
            eof: false,
            escapes: false,
        }
    }

    /// The next line.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            let unsearched = self.buffer.get(self.searched..self.end).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', unsearched) {
                let (start, end) = (self.start, self.searched + at);
                self.start = end + 1;
                self.searched = self.start;
                return Ok(Some(self.slice(start, end, true, false)));
            }
            self.searched = self.end;
            if self.eof {
                if self.start == self.end {
                    return Ok(None);
                }
                let start = std::mem::replace(&mut self.start, self.end);
                return Ok(Some(self.slice(start, self.end, false, false)));
            }
            if self.end - self.start >= MAX_LINE {
                let terminated = self.skip_rest(MAX_LINE)?;
                return Ok(Some(self.slice(0, MAX_LINE, terminated, true)));
            }
            self.fill()?;
        }
    }

    fn slice(&self, start: usize, end: usize, terminated: bool, cut: bool) -> Line<'_> {
        let bytes = self.buffer.get(start..end).unwrap_or_default();
        Line {
            bytes,
            terminated,
            cut,
            near_escape: self.escapes,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.searched -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < CHUNK {
            self.buffer.resize(self.end + CHUNK, 0);
        }
        let read = self.read_at(self.end)?;
        self.end += read;
        self.eof = read == 0;
        Ok(())
    }

    /// Reads on to the end of a line of which the first `keep` bytes are kept at the start of the
    /// buffer.
    fn skip_rest(&mut self, keep: usize) -> io::Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end = keep;
        self.buffer.resize(keep + CHUNK, 0);
        loop {
            let read = self.read_at(keep)?;
            if read == 0 {
                self.eof = true;
                self.start = keep;
                self.searched = keep;
                return Ok(false);
            }
            let chunk = self.buffer.get(keep..keep + read).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', chunk) {
                self.start = keep + at + 1;
                self.searched = self.start;
                self.end = keep + read;
                return Ok(true);
            }
        }
    }

    fn read_at(&mut self, at: usize) -> io::Result<usize> {
        let room = self.buffer.get_mut(at..).unwrap_or_default();
        let read = loop {
            match self.reader.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        let new = room.get(..read).unwrap_or_default();
        self.escapes |= memchr::memchr(ESCAPE, new).is_some();
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes in pieces of a size.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let len = self.1.min(self.0.len()).min(buffer.len());
            let (head, rest) = self.0.split_at(len);
            buffer[..len].copy_from_slice(head);
            self.0 = rest;
            Ok(len)
        }
    }

    fn collect(text: &[u8], piece: usize) -> Vec<(Vec<u8>, bool, bool)> {
        let mut lines = Lines::new(Pieces(text, piece));
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push((line.bytes.to_vec(), line.terminated, line.cut));
        }
        all
    }

    #[test]
    fn lines_do_not_depend_on_the_pieces() {
        let text = b"one\ntwo\n\nlast";
        let expected = vec![
            (b"one".to_vec(), true, false),
            (b"two".to_vec(), true, false),
            (Vec::new(), true, false),
            (b"last".to_vec(), false, false),
        ];
        for piece in 1..20 {
            assert_eq!(collect(text, piece), expected);
        }
        assert_eq!(collect(b"", 1), Vec::new());
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_is_whole() {
        // What is read in one piece with the limit is not searched again, so the sizes vary.
        for extra in [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            let mut text = vec![b'x'; MAX_LINE + extra];
            text.extend(b"\nnext\n");
            let lines = collect(&text, CHUNK);
            assert_eq!(
                lines.last().unwrap(),
                &(b"next".to_vec(), true, false),
                "{extra}"
            );
            assert_eq!(lines.len(), 2);
            assert!(lines[0].0.len() >= MAX_LINE);
        }
    }
}
