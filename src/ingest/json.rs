//! Lines that are JSON objects.

use serde_json::{Map, Value};

/// The object that a line is; also one of an array that stands on lines of their own.
pub(super) fn object(line: &str) -> Option<Map<String, Value>> {
    let text = line
        .trim()
        .trim_start_matches(['[', ','])
        .trim_end_matches([',', ']'])
        .trim();
    // An array at the end of an object must keep its bracket.
    let parsed = if text.ends_with('}') {
        serde_json::from_str(text)
    } else {
        serde_json::from_str(line.trim())
    };
    if let Value::Object(object) = parsed.ok()? {
        Some(object)
    } else {
        None
    }
}

/// A text in it.
pub(super) fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key)?.as_str()
}

/// A number in it, as a number or as text.
pub(super) fn number(object: &Map<String, Value>, key: &str) -> Option<i64> {
    let value = object.get(key)?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// A process number in it.
pub(super) fn pid(object: &Map<String, Value>, key: &str) -> Option<u32> {
    number(object, key).and_then(|pid| u32::try_from(pid).ok())
}
