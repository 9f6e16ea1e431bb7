//! Values of arguments that come from a small set.

use super::scan;
use super::slots::Slot;
use crate::syscalls::ArgKind;

/// Counts the values of arguments. `kept` is sorted by position; `by_name` is for a call whose
/// arguments strace names. Of a call that is not `complete` only the first of them is sure to be
/// there.
pub(super) fn keep(
    slot: &mut Slot,
    kept: &[(u8, ArgKind)],
    by_name: bool,
    args: &[u8],
    complete: bool,
) {
    let mut arguments = scan::arguments(args);
    let mut passed = 0;
    for (nth, (position, _)) in kept.iter().enumerate() {
        let value = if by_name {
            named_argument(args, b"flags=")
        } else {
            let at = usize::from(*position);
            let value = arguments.nth(at - passed);
            passed = at + 1;
            value
        };
        let value = value.filter(|value| !value.is_empty() && (complete || nth == 0));
        if let Some(values) = slot.argument(*position) {
            values.add(value, constant);
        }
    }
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
