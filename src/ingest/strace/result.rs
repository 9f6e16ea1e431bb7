//! What a call returned, as strace prints it behind the arguments.

use super::scan::{End, path_end};
use crate::event::{Errno, Outcome};

/// `  = -1 ENOENT (No such file or directory) (INJECTED) <0.000012>`
pub(super) fn result(rest: &[u8]) -> Option<End> {
    let text = rest.trim_ascii_start().strip_prefix(b"= ")?;
    if let Some(after) = text.strip_prefix(b"?") {
        let after = after.trim_ascii_start();
        let outcome = if after.starts_with(b"ERESTART") {
            Outcome::Interrupted
        } else if after.starts_with(b"<unavailable>") {
            Outcome::Unknown
        } else {
            Outcome::NoReturn
        };
        return Some(End::Result {
            outcome,
            value: None,
        });
    }
    let (number, after) = number(text)?;
    let (outcome, value, after) = match number {
        Number::MinusOne => {
            let (outcome, after) = error(after);
            (outcome, None, after)
        }
        Number::Positive(value) => (Outcome::Success, Some(value), after),
        Number::Other => (Outcome::Success, None, after),
    };
    let outcome = if injected(after) {
        Outcome::Injected
    } else {
        outcome
    };
    Some(End::Result { outcome, value })
}

enum Number {
    MinusOne,
    Positive(u64),
    /// Negative, or larger than 64 bits.
    Other,
}

fn number(text: &[u8]) -> Option<(Number, &[u8])> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (radix, digits) = match digits.strip_prefix(b"0x") {
        Some(hex) => (16, hex),
        None => (10, digits),
    };
    let mut value = Some(0u64);
    let mut len = 0;
    for byte in digits {
        let Some(digit) = char::from(*byte).to_digit(radix) else {
            break;
        };
        value = value
            .and_then(|value| value.checked_mul(u64::from(radix)))
            .and_then(|value| value.checked_add(u64::from(digit)));
        len += 1;
    }
    if len == 0 {
        return None;
    }
    let after = digits.get(len..)?;
    Some(match value {
        Some(1) if negative => (Number::MinusOne, after),
        Some(value) if !negative => (Number::Positive(value), after),
        _ => (Number::Other, after),
    })
}

/// ` ENOENT (No such file or directory)`, ` (errno 524)`.
fn error(after: &[u8]) -> (Outcome, &[u8]) {
    let text = after.trim_ascii_start();
    if let Some(inside) = text.strip_prefix(b"(errno ") {
        let len = inside.iter().take_while(|b| b.is_ascii_digit()).count();
        let number = inside
            .get(..len)
            .and_then(|d| std::str::from_utf8(d).ok()?.parse().ok());
        return (
            number.map_or(Outcome::Failed, |n| Outcome::Error(Errno::numbered(n))),
            inside.get(len + 1..).unwrap_or_default(),
        );
    }
    let len = text
        .iter()
        .take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b'_')
        .count();
    let name = text
        .get(..len)
        .and_then(|name| std::str::from_utf8(name).ok());
    let rest = text.get(len..).unwrap_or_default();
    match name {
        Some(name) if name.starts_with("ERESTART") => (Outcome::Interrupted, rest),
        Some(name) => (
            Errno::named(name).map_or(Outcome::Failed, Outcome::Error),
            rest,
        ),
        None => (Outcome::Failed, rest),
    }
}

/// Whether strace put the result there itself: ` (INJECTED)`, ` (INJECTED: args, retval)`, but
/// not ` (INJECTED: args)`, after which the call was made.
fn injected(after: &[u8]) -> bool {
    let after = match after.first() {
        Some(b'<') => path_end(after, 0)
            .and_then(|end| after.get(end..))
            .unwrap_or_default(),
        _ => after,
    };
    let mut rest = after.trim_ascii_start();
    // At most the text of the error, what a flag word means, and the mark itself.
    for _ in 0..4 {
        let Some(inside) = rest.strip_prefix(b"(") else {
            return false;
        };
        let Some(end) = memchr::memchr(b')', inside) else {
            return false;
        };
        let group = inside.get(..end).unwrap_or_default();
        if group.starts_with(b"INJECTED") {
            return group == b"INJECTED" || group.ends_with(b"retval");
        }
        rest = inside.get(end + 1..).unwrap_or_default().trim_ascii_start();
    }
    false
}
