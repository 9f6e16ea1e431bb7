//! All about a call: for people, for a comment in a review, for machines.

mod markdown;
mod recorded;
mod rows;
mod text;

use serde::Serialize;

use crate::cli::explanation::Explanation;

pub(crate) use markdown::markdown;
pub(crate) use text::text;

/// For machines; docs/explain-format.md describes it.
pub(crate) fn json(all: &[Explanation], container: &str) -> String {
    super::json(&Json {
        schema: 1,
        container,
        calls: all,
    })
}

#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    container: &'a str,
    calls: &'a [Explanation],
}
