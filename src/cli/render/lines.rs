//! What was made of the lines of a trace, as a table.

use std::fmt::Write as _;

use callsieve::event::Skip;
use callsieve::ingest::Made;

use super::safe;
use crate::cli::input::Explained;

/// The table of one trace.
pub(crate) fn text(explained: &Explained) -> String {
    let mut text = format!(
        "{}, read as {}\n{:>10} {:>8}  {:<44} shape\n",
        safe(&explained.name),
        explained.format,
        "lines",
        "first",
        "made of it"
    );
    for (shape, made, lines) in explained.explanation.shapes() {
        // Writing to a string does not fail.
        let _infallible = writeln!(
            text,
            "{:>10} {:>8}  {:<44} {}",
            lines.count,
            lines.line,
            words(made),
            safe(shape)
        );
    }
    text
}

fn words(made: Made) -> String {
    match made {
        Made::Calls => "a call".to_owned(),
        Made::Rest => "the rest of a call".to_owned(),
        Made::Unsure(skip) => format!("a call, {}", reason(skip)),
        Made::Skipped(skip) => format!("no call: {}", reason(skip)),
    }
}

const fn reason(skip: Skip) -> &'static str {
    match skip {
        Skip::Blank => "blank",
        Skip::Event => "signal, exit, mode or the like",
        Skip::Message => "message of the tool",
        Skip::Decoration => "header, stack, dump or table",
        Skip::Continuation => "rest of an interrupted line",
        Skip::ResumedOnly => "its beginning is not there",
        Skip::Unterminated => "its end is not there",
        Skip::Glued => "behind something else",
        Skip::UnknownName => "of an unknown name",
        Skip::TooLong => "too long",
        Skip::NotFollowed => "process without lines",
        Skip::Lost => "lost",
        Skip::NotUnderstood => "not understood",
    }
}
