//! Lines of the most usual shapes, decided by a few comparisons.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

use super::cursor::Cursor;
use super::lex::{Ended, Found, Lexer, Prefix, Says, short};
use super::shape::Shape;
use super::words::load;
use crate::sys::Padded;

/// How many marks are looked at.
pub(super) const AHEAD: usize = 6;

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
        let [first, second, third, fourth, fifth, _] = marks;
        let (leader, pid) = shape.fits(block, start)?;
        let line = Cursor {
            block,
            start,
            end: third,
        };
        let at = start + leader;
        let (says, name, len, tail) = if first == at {
            let name = at + b"<... ".len();
            let blank = line.blank(name)?;
            let resumed = line.word(blank) == load(b" resumed", 0) && line.byte(blank + 8) == b'>';
            if !resumed || line.word(at) & 0xff_ffff_ffff != load(b"<... ", 0) {
                return None;
            }
            (Says::Resumed, name, blank - name, blank + 9)
        } else {
            if line.byte(first) != b'(' {
                return None;
            }
            (Says::Call, at, first.checked_sub(at)?, first + 1)
        };
        let word = self.calls.find(block, name, len)?;
        let mut header = false;
        let (args_end, ended, count) = match line.byte(second) {
            b')' => {
                let equals = line.behind_blanks(second + 1);
                let text = line.word(equals + 2);
                if line.word(equals) & 0xffff != load(b"= ", 0) {
                    return None;
                }
                header = self.calls.reads(word) && line.has_escaped_begin(tail, second);
                let [digit, base, hexadecimal, ..] = text.to_le_bytes();
                if digit.is_ascii_digit() && (base != b'x' || hexadecimal.is_ascii_hexdigit()) {
                    // What is behind a quote is no mark, be it the end of an unfinished call.
                    let count = match line.byte(third) {
                        b'\n' if line.byte(third - 1) != b'>' => 3,
                        b'<' if line.byte(third - 1) == b' '
                            && line.byte(fourth) == b'\n'
                            && line.byte(fourth - 2).is_ascii_digit() =>
                        {
                            4
                        }
                        _ => return None,
                    };
                    (second, Ended::Ok, count)
                } else {
                    let name = equals + 5;
                    let error = text & 0xffff_ffff == load(b"-1 E", 0)
                        && line.byte(third) == b'('
                        && line.byte(fourth) == b')'
                        && line.byte(fifth) == b'\n'
                        && fifth == fourth + 1
                        && line.byte(third - 1) == b' '
                        && third > name;
                    if !error {
                        return None;
                    }
                    // What the error means, or that strace put it there.
                    if line.word(third + 1) == load(b"INJECTED", 0)
                        || line.has_quote(third + 1, fourth)
                    {
                        return None;
                    }
                    let error = self.errors.find(block, name, third - 1 - name)?;
                    (second, Ended::Error(error), 5)
                }
            }
            b'<' => {
                let unfinished = line.word(second) == load(b"<unfinis", 0)
                    && line.word(second + 8) == load(b"hed ...>", 0)
                    && third == second + 16
                    && line.byte(third) == b'\n';
                if !unfinished {
                    return None;
                }
                let args = line.text(tail, second).trim_ascii_end();
                (tail + args.len(), Ended::Unfinished, 3)
            }
            _ => return None,
        };
        let end = [third, fourth, fifth][count - 3];
        let found = Found {
            start: short(start),
            len: short(end - start),
            says,
            pid,
            leader: Prefix::Plain,
            number: None,
            word,
            ended,
            args: (short(tail - start), short(args_end - start)),
            header,
        };
        Some((found, count))
    }
}
