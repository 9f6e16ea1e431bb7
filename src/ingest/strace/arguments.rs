//! Values of arguments that come from a small set.

use std::ops::Range;

use super::marks::position;
use super::scan;
use super::slots::{Kept, Slot};
use super::values::Window;
use crate::sys::planes;

/// Counts the values of arguments. `kept` is sorted by position. Of a call that is not `complete`
/// only the first of them is sure to be there. `text` begins with the arguments, if more than them
/// is at hand.
pub(super) fn keep(slot: &mut Slot, kept: Kept, args: &[u8], text: &[u8], complete: bool) {
    let plain = text.first_chunk().map(|text| Plain::of(args, text));
    let mut arguments = scan::arguments(args);
    let mut passed = 0;
    for (nth, (argument, _)) in kept.args.iter().enumerate() {
        let at = usize::from(*argument);
        let (value, window) = if kept.by_name {
            (named_argument(args, b"flags="), None)
        } else if let Some(value) = plain.as_ref().and_then(|plain| plain.argument(at)) {
            let window = text.get(value.start..).and_then(<[u8]>::first_chunk);
            (args.get(value), window)
        } else {
            // Those before were passed over, if not here.
            let value = arguments.nth(at - passed);
            passed = at + 1;
            (value, None)
        };
        let value = value.filter(|value| !value.is_empty() && (complete || nth == 0));
        if let Some(values) = slot.argument(*argument) {
            values.add(value, window, constant);
        }
    }
}

/// Arguments that are split without a look at each byte, up to the first string or whatever else
/// may hold a comma.
struct Plain<'a> {
    args: &'a [u8],
    /// Where they are split, and where they end if all of them are so.
    ends: u64,
}

impl<'a> Plain<'a> {
    /// `args` are the begin of `text`.
    fn of(args: &'a [u8], text: &Window) -> Self {
        let [commas, holding @ ..] = planes(text, *b",\"[{(<");
        let end = u32::try_from(args.len())
            .ok()
            .and_then(|len| 1u64.checked_shl(len))
            .unwrap_or_default();
        // Where none is, all bits are set.
        let own = end.wrapping_sub(1);
        let holds = holding.iter().fold(0, |holds, plane| holds | plane) & own;
        // All before the first of them, or all.
        let before = !holds & holds.wrapping_sub(1);
        Self {
            args,
            ends: (commas & own | end) & before,
        }
    }

    /// Where an argument is, if that can be told.
    fn argument(&self, nth: usize) -> Option<Range<usize>> {
        let mut ends = self.ends;
        let mut from = 0;
        for _ in 0..nth {
            from = first(ends)? + 1;
            ends &= ends - 1;
        }
        let to = first(ends)?;
        let mut argument = self.args.get(from..to)?;
        while let [b' ', rest @ ..] = argument {
            from += 1;
            argument = rest;
        }
        match argument {
            [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => {}
            [only] if only.is_ascii_graphic() => {}
            _ => return None,
        }
        Some(from..to)
    }
}

/// The position of the first bit.
fn first(bits: u64) -> Option<usize> {
    (bits != 0).then(|| position(bits.trailing_zeros()))
}

/// Where in a text the constant is that strace prints, without its name (`-N`) and the comment
/// that `-X verbose` adds.
fn constant(text: &[u8]) -> Range<usize> {
    let to = memchr::memmem::find(text, b" /*").unwrap_or(text.len());
    let value = text.get(..to).unwrap_or_default();
    let name = value
        .iter()
        .take_while(|b| b.is_ascii_lowercase() || **b == b'_')
        .count();
    match value.get(name) {
        Some(b'=') if name > 0 => name + 1..to,
        _ => 0..to,
    }
}

/// An argument that strace prints by name.
fn named_argument<'a>(args: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    scan::arguments(args).find_map(|argument| argument.strip_prefix(name))
}
