//! Small pieces of text that many formats share.

use std::time::Duration;

use super::gather::{returned, returned_word};
use crate::event::{Errno, Outcome};

/// A number, decimal or hexadecimal after `0x`, perhaps negative, as a return value.
pub(super) fn return_value(text: &str) -> Option<Outcome> {
    if let Some(hex) = text.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok().map(returned_word);
    }
    if let Ok(value) = text.parse::<i64>() {
        return Some(returned(value));
    }
    text.parse::<u64>().ok().map(returned_word)
}

/// The error that a text begins with: `ENOENT (No such file)`.
pub(super) fn error(text: &str) -> Option<Outcome> {
    let end = text
        .find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
        .unwrap_or(text.len());
    let name = text.get(..end)?;
    if name.starts_with("ERESTART") {
        return Some(Outcome::Interrupted);
    }
    Errno::named(name).map(Outcome::Error)
}

/// Seconds with a fraction: `2738.593582`.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let padded: String = fraction
        .chars()
        .chain("000000000".chars())
        .take(9)
        .collect();
    Some(Duration::new(whole.parse().ok()?, padded.parse().ok()?))
}

/// The word that a text begins with: letters, digits and `_`.
pub(super) fn word(text: &str) -> &str {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// What stands between a text and the next of those that end it.
pub(super) fn after<'a>(text: &'a str, start: &str, ends: &[char]) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    let end = rest.find(ends).unwrap_or(rest.len());
    rest.get(..end)
}
