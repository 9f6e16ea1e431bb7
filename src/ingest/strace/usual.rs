//! Lines of the most usual shapes, decided by a few comparisons.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

use super::cursor::Cursor;
use super::lex::{Ended, Found, Lexer, Prefix, Says, is_number, short};
use super::shape::Shape;
use super::words::load;
use crate::sys::Padded;

/// How many marks are looked at.
pub(super) const AHEAD: usize = 6;

/// How a line goes on behind its arguments.
struct Rest {
    args_end: usize,
    ended: Ended,
    /// Where the line ends, and how many of the marks are its own with that.
    end: (usize, usize),
}

impl Lexer {
    /// A line that begins at `start` with a leader like the one before: a call or the rest of one
    /// with plain arguments that ends with a number or an error, or the begin of one. `marks` are
    /// the next ones, the line's own and perhaps of others. Returns how many are its own, with
    /// its end, too.
    #[inline(always)]
    pub(super) fn usual(
        &self,
        block: Padded<'_>,
        start: usize,
        shape: &Shape,
        marks: [usize; AHEAD],
    ) -> Option<(Found, usize)> {
        let [first, second, third, ..] = marks;
        let (leader, pid) = shape.fits(block, start)?;
        let line = Cursor {
            block,
            start,
            end: third,
        };
        let at = start + leader;
        let (says, name, len, tail) = if first == at {
            let (name, len) = line.resumed_name(at)?;
            (Says::Resumed, name, len, name + len + b" resumed>".len())
        } else {
            if line.byte(first) != b'(' {
                return None;
            }
            (Says::Call, at, first.checked_sub(at)?, first + 1)
        };
        let word = self.calls.find(block, name, len)?;
        let rest = match line.byte(second) {
            b')' => self.usual_result(&line, marks)?,
            b'<' => usual_begin(&line, tail, second, third)?,
            _ => return None,
        };
        let header = self.calls.reads(word)
            && rest.ended != Ended::Unfinished
            && line.has_escaped_begin(tail, rest.args_end);
        let (end, count) = rest.end;
        let found = Found {
            start: short(start),
            len: short(end - start),
            says,
            pid,
            leader: Prefix::Plain,
            number: None,
            word,
            ended: rest.ended,
            args: (short(tail - start), short(rest.args_end - start)),
            header,
        };
        Some((found, count))
    }

    /// `) = 3` and `) = -1 ENOENT (No such file or directory)`.
    #[inline(always)]
    fn usual_result(&self, line: &Cursor<'_>, marks: [usize; AHEAD]) -> Option<Rest> {
        let [_, close, third, fourth, fifth, _] = marks;
        let value = line.value(close + 1)?;
        let (ended, end) = if is_number(line.word(value)) {
            // What is behind a quote is no mark, be it the end of an unfinished call.
            let end = match line.byte(third) {
                b'\n' if line.byte(third - 1) != b'>' => (third, 3),
                b'<' if line.byte(third - 1) == b' '
                    && line.byte(fourth) == b'\n'
                    && line.byte(fourth - 2).is_ascii_digit() =>
                {
                    (fourth, 4)
                }
                _ => return None,
            };
            (Ended::Ok, end)
        } else {
            let error = self.error(line, value, third, fourth)?;
            if fifth != fourth + 1 || line.byte(fifth) != b'\n' {
                return None;
            }
            (error, (fifth, 5))
        };
        Some(Rest {
            args_end: close,
            ended,
            end,
        })
    }
}

/// `<unfinished ...>`, and the end of the line at `end`.
#[inline(always)]
fn usual_begin(line: &Cursor<'_>, tail: usize, angle: usize, end: usize) -> Option<Rest> {
    let unfinished = line.word(angle) == load(b"<unfinis", 0)
        && line.word(angle + 8) == load(b"hed ...>", 0)
        && end == angle + 16
        && line.byte(end) == b'\n';
    let args = line.text(tail, angle).trim_ascii_end();
    unfinished.then_some(Rest {
        args_end: tail + args.len(),
        ended: Ended::Unfinished,
        end: (end, 3),
    })
}
