//! Values of arguments that come from a small set.

use super::marks::position;
use super::scan;
use super::slots::Slot;
use crate::sys::equal;
use crate::syscalls::ArgKind;

/// Counts the values of arguments. `kept` is sorted by position; `by_name` is for a call whose
/// arguments strace names. Of a call that is not `complete` only the first of them is sure to be
/// there. `text` begins with the arguments, if more than them is at hand.
pub(super) fn keep(
    slot: &mut Slot,
    kept: &[(u8, ArgKind)],
    by_name: bool,
    args: &[u8],
    text: Option<&[u8; WIDTH]>,
    complete: bool,
) {
    let plain = text.map(|text| Plain::of(args, text));
    let mut arguments = scan::arguments(args);
    let mut passed = 0;
    for (nth, (argument, _)) in kept.iter().enumerate() {
        let at = usize::from(*argument);
        let value = if by_name {
            named_argument(args, b"flags=")
        } else if let Some(value) = plain.as_ref().and_then(|plain| plain.argument(at)) {
            Some(value)
        } else {
            // Those before were passed over, if not here.
            let value = arguments.nth(at - passed);
            passed = at + 1;
            value
        };
        let value = value.filter(|value| !value.is_empty() && (complete || nth == 0));
        if let Some(values) = slot.argument(*argument) {
            values.add(value, constant);
        }
    }
}

/// Bytes that are looked at together.
pub(super) const WIDTH: usize = 64;

/// Arguments that are split without a look at each byte, up to the first string or whatever else
/// may hold a comma.
struct Plain<'a> {
    args: &'a [u8],
    /// Where they are split.
    commas: u64,
    /// All of them are so.
    whole: bool,
}

impl<'a> Plain<'a> {
    /// `args` are the begin of `text`.
    fn of(args: &'a [u8], text: &[u8; WIDTH]) -> Self {
        let (halves, _) = text.as_chunks::<32>();
        let find = |byte| {
            let bits = halves.iter().map(|half| equal(half, byte)).zip([0, 32]);
            bits.fold(0, |all, (bits, by)| all | (u64::from(bits) << by))
        };
        let own = u32::try_from(args.len())
            .ok()
            .and_then(|len| 1u64.checked_shl(len));
        let own = own.map_or(!0, |bit| bit - 1);
        let holds = b"\"[{(<".iter().fold(0, |holds, byte| holds | find(*byte)) & own;
        // All before the first of them, or all.
        let before = !holds & holds.wrapping_sub(1);
        Self {
            args,
            commas: find(b',') & own & before,
            whole: holds == 0 && args.len() <= WIDTH,
        }
    }

    /// An argument, if it can be told where it begins and ends.
    fn argument(&self, nth: usize) -> Option<&'a [u8]> {
        let mut commas = self.commas;
        let mut from = 0;
        for _ in 0..nth {
            from = first(commas)? + 1;
            commas &= commas - 1;
        }
        let to = first(commas).or(self.whole.then_some(self.args.len()))?;
        Some(self.args.get(from..to)?.trim_ascii())
    }
}

/// The position of the first bit.
fn first(bits: u64) -> Option<usize> {
    (bits != 0).then(|| position(bits.trailing_zeros()))
}

/// A constant as strace prints it, without its name (`-N`) and the comment that `-X verbose` adds.
fn constant(text: &[u8]) -> &[u8] {
    let text = match memchr::memmem::find(text, b" /*") {
        Some(at) => text.get(..at).unwrap_or_default(),
        None => text,
    };
    let name = text
        .iter()
        .take_while(|b| b.is_ascii_lowercase() || **b == b'_')
        .count();
    match text.get(name..) {
        Some([b'=', value @ ..]) if name > 0 => value,
        _ => text,
    }
}

/// An argument that strace prints by name.
fn named_argument<'a>(args: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    scan::arguments(args).find_map(|argument| argument.strip_prefix(name))
}
