//! A few lines on standard error that are drawn in place.
//!
//! The cursor is at the begin of the line below them, so that what somebody else writes meanwhile
//! stands there, whole, and not between them.

use std::io::Write as _;

/// The size of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Space {
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// The lines that are drawn.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// How many stand above the cursor.
    lines: usize,
}

/// Lines that are ready to be drawn.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Drawing {
    text: String,
    lines: usize,
}

impl Block {
    /// What draws lines, none of which is too long, in place of those that are there. More than
    /// the terminal has are cut off.
    pub(crate) fn drawing(&self, lines: &[String], space: Space) -> Drawing {
        let fit = space.height.saturating_sub(1).min(lines.len());
        let mut text = if self.lines == 0 {
            fresh_line(space.width)
        } else {
            up(self.lines)
        };
        for line in lines.iter().take(fit) {
            text.push_str(line);
            text.push_str("\x1b[K\r\n");
        }
        text.push_str(CLEAR_BELOW);
        Drawing { text, lines: fit }
    }

    /// Draws them.
    pub(crate) fn put(&mut self, drawing: &Drawing) {
        // In one piece, as others may write.
        write(&drawing.text);
        self.lines = drawing.lines;
    }

    /// Takes them away.
    pub(crate) fn clear(&mut self) {
        if self.lines > 0 {
            write(&(up(self.lines) + CLEAR_BELOW));
        }
        self.lines = 0;
    }

    /// They stay where they are, and the next ones come below what stands there by then.
    pub(crate) fn leave(&mut self) {
        self.lines = 0;
    }
}

const CLEAR_BELOW: &str = "\x1b[J";

/// To the begin of a line that is so many lines above.
fn up(lines: usize) -> String {
    format!("\x1b[{lines}A\r")
}

/// To the begin of the next line, unless the cursor is at the begin of one: so many spaces end on
/// its line only if it is.
fn fresh_line(width: usize) -> String {
    " ".repeat(width.saturating_sub(1)) + "\r"
}

fn write(text: &str) {
    // Nothing is left to tell it to if standard error is closed.
    drop(std::io::stderr().write_all(text.as_bytes()));
}
