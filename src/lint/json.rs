//! JSON with places: strict as engines read it, but with everything that is in it.

use std::ops::Range;

use jsonc_parser::ast::Value;
use jsonc_parser::{CollectOptions, ParseOptions};
use serde::de::IgnoredAny;

use crate::formats::docker::MAX_BYTES;

/// Why bytes are no JSON object.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) range: Range<usize>,
    pub(super) why: String,
}

impl Broken {
    fn all(text: &str, why: impl Into<String>) -> Self {
        Self {
            range: 0..text.lines().next().unwrap_or_default().len(),
            why: why.into(),
        }
    }
}

/// The text in `bytes`, as far as it is text, and what is wrong with the rest.
pub(super) fn text(bytes: &[u8]) -> Result<&str, (&str, Broken)> {
    if bytes.len() > MAX_BYTES {
        let why = format!(
            "{} bytes are too many for a profile; at most {MAX_BYTES} are read",
            bytes.len()
        );
        return Err(("", Broken::all("", why)));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let good = std::str::from_utf8(good).unwrap_or_default();
        let why = "this is not UTF-8".to_owned();
        let range = good.len()..good.len();
        (good, Broken { range, why })
    })
}

/// The object that `text` is.
pub(super) fn parse(text: &str) -> Result<Value<'_>, Broken> {
    if text.starts_with('\u{feff}') {
        return Err(Broken::all(
            text,
            "the file begins with a byte order mark, which container engines refuse",
        ));
    }
    match text.trim_ascii_start().bytes().next() {
        Some(b'{') => {}
        Some(_) => {
            return Err(Broken::all(
                text,
                "a profile is a JSON object: `{` comes first",
            ));
        }
        None => return Err(Broken::all(text, "the file is empty")),
    }
    // The parser with places takes a little more than JSON: white space, characters in strings.
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        let at = offset(text, error.line(), error.column());
        let whole = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let why = whole.strip_suffix(&place).unwrap_or(&whole);
        return Err(Broken {
            range: at..at,
            why: format!("this is no JSON: {why}"),
        });
    }
    let options = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &options);
    match parsed {
        Ok(result) => result
            .value
            .ok_or_else(|| Broken::all(text, "the file is empty")),
        // Of what serde_json takes, it refuses deep nesting alone.
        Err(error) => {
            let at = error.range().start.min(text.len());
            Err(Broken {
                range: at..at,
                why: format!("this can't be read: {}", lower(&error.kind().to_string())),
            })
        }
    }
}

/// Where `serde_json` was: its column counts the bytes of a line up to the one it did not like.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
    let start: usize = lines.map(str::len).sum();
    let mut at = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}
