//! Lines of the most usual shapes, decided by a few comparisons.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

use super::cursor::Cursor;
use super::lex::{End, Ended, Found, Lexer, is_number};
use super::marks::position;
use super::shape::Shape;
use super::words::load;
use crate::sys::{Common, Padded, Vectors, Work};

/// How many marks are looked at.
pub(super) const AHEAD: usize = 6;

/// Where in a block the look at its lines has come to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    /// Where the next line begins.
    pub(super) start: usize,
    /// Which mark is the next.
    pub(super) mark: usize,
}

/// A look at usual lines with leaders of one shape, up to the first line that is none.
///
/// Usual are a call, or the rest of one, with plain arguments that ends with a number or an error,
/// and the begin of one.
pub(super) struct Usual<'a> {
    pub(super) lexer: &'a Lexer,
    pub(super) block: Padded<'a, Common>,
    /// Those of the block, and [`AHEAD`] more.
    pub(super) marks: &'a [u32],
    pub(super) shape: &'a Shape,
    pub(super) place: &'a mut Place,
    pub(super) found: &'a mut Vec<Found>,
}

impl Work for Usual<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self, vectors: impl Vectors) {
        let block = self.block.with(vectors);
        let (lexer, found, shape) = (self.lexer, self.found, *self.shape);
        let Place {
            mut start,
            mut mark,
        } = *self.place;
        while let Some(marks) = self.marks.get(mark..)
            && let Some(marks) = marks.first_chunk::<AHEAD>()
            && let Some((leader, pid)) = shape.fits(block, start)
        {
            let marks = marks.map(position);
            let [first, second, third, ..] = marks;
            let at = start + leader;
            let line = Cursor {
                block,
                start,
                end: third,
            };
            let Some(head) = lexer.head(&line, at, first) else {
                break;
            };
            let ended = match line.byte(second) {
                b')' => {
                    let Some(value) = line.value(second + 1) else {
                        break;
                    };
                    let is_number = is_number(line.word(value));
                    if is_number && line.byte(third) == b'\n' && line.byte(third - 1) != b'>' {
                        let end = End {
                            args: second,
                            ended: Ended::Ok,
                            line: third,
                        };
                        found.push(lexer.found(&line, pid, &head, &end));
                        start = third + 1;
                        mark += 3;
                        continue;
                    }
                    if is_number {
                        noted(&line, marks)
                    } else {
                        lexer.failed(&line, value, marks)
                    }
                }
                b'<' => begun(&line, head.tail, second, third),
                _ => None,
            };
            let Some((end, own)) = ended else {
                break;
            };
            found.push(lexer.found(&line, pid, &head, &end));
            start = end.line + 1;
            mark += own;
        }
        *self.place = Place { start, mark };
    }
}

impl Lexer {
    /// `) = -1 ENOENT (No such file or directory)`, and how many of the marks are the line's.
    #[inline(always)]
    fn failed(
        &self,
        line: &Cursor<'_, impl Vectors>,
        value: usize,
        marks: [usize; AHEAD],
    ) -> Option<(End, usize)> {
        let [_, args, third, fourth, fifth, _] = marks;
        let ended = self.error(line, value, third, fourth)?;
        let plain = fifth == fourth + 1 && line.byte(fifth) == b'\n';
        let end = End {
            args,
            ended,
            line: fifth,
        };
        plain.then_some((end, 5))
    }
}

/// `) = 3 <0.000012>` and `) = 1 (flags FD_CLOEXEC)`, and how many of the marks are the line's.
#[inline(always)]
fn noted(line: &Cursor<'_, impl Vectors>, marks: [usize; AHEAD]) -> Option<(End, usize)> {
    let [_, args, third, fourth, fifth, _] = marks;
    if line.byte(third - 1) != b' ' {
        return None;
    }
    let (plain, end, own) = if line.byte(third) == b'<' {
        // What is behind a quote is no mark, be it the end of an unfinished call.
        let timed = line.byte(fourth) == b'\n' && line.byte(fourth - 2).is_ascii_digit();
        (timed, fourth, 4)
    } else {
        let noted = [line.byte(third), line.byte(fourth)] == *b"()"
            && fifth == fourth + 1
            && line.byte(fifth) == b'\n'
            // It says what the result means, and not that strace put it there.
            && line.word(third + 1) != load(b"INJECTED", 0)
            && !line.has_quote(third + 1, fourth);
        (noted, fifth, 5)
    };
    let end = End {
        args,
        ended: Ended::Ok,
        line: end,
    };
    plain.then_some((end, own))
}

/// `<unfinished ...>`, which begins at `angle`, and the end of the line, and how many of the marks
/// are the line's.
#[inline(always)]
fn begun(
    line: &Cursor<'_, impl Vectors>,
    tail: usize,
    angle: usize,
    end: usize,
) -> Option<(End, usize)> {
    let unfinished = line.word(angle) == load(b"<unfinis", 0)
        && line.word(angle + 8) == load(b"hed ...>", 0)
        && end == angle + 16
        && line.byte(end) == b'\n';
    let args = line.text(tail, angle).trim_ascii_end();
    let end = End {
        args: tail + args.len(),
        ended: Ended::Unfinished,
        line: end,
    };
    unfinished.then_some((end, 3))
}
