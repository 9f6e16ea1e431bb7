//! What an import tells in the end, and what to do next.

use std::path::Path;

use callsieve::recording::Recording;

use super::recorded::{docker, duration, last_new};
use super::wrap::Page;
use super::{run_summary, shell};
use crate::cli::output;

/// The lines on standard error: one for each run; where the recording is in a file, also how it
/// stands to Docker's default and what to type next.
pub(crate) fn summary(recording: &Recording, path: Option<&Path>, page: Page) -> String {
    let mut text = String::new();
    for (_, run) in recording.runs() {
        text.push_str(&page.wrapped(&(run_summary(run) + "\n")));
        if path.is_none() {
            continue;
        }
        let mut row = |name: &str, what: &str| {
            text.push_str(&page.row(name, what));
        };
        docker(run, &mut row);
        if let Some((call, at)) = last_new(run) {
            row(
                "last new",
                &format!("{call}, {} after the start", duration(at)),
            );
        }
    }
    if let Some(path) = path {
        let written = super::safe(&path.display().to_string());
        super::add(&mut text, format_args!("Wrote {written}\n"));
        if output::is_kept(path) {
            let next = next(recording, path);
            super::add(&mut text, format_args!("\nNext: {next}\n"));
        }
    }
    text
}

/// The command for the recording: what is incomplete makes no profile unasked.
fn next(recording: &Recording, path: &Path) -> String {
    let from = shell::path(path);
    if recording.gaps().next().is_some() {
        return format!("callsieve list {from}");
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let to = match name.strip_suffix(".rec.json") {
        Some(stem) => shell::file(stem, ".json"),
        None => shell::file(name.strip_suffix(".json").unwrap_or(&name), ".profile.json"),
    };
    format!("callsieve generate {from} -o {to}")
}
