//! How what is judged is printed, and where to: `-f` and `-o`, in pairs.

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::args::ReviewFormat;
use super::error::CommandError;
use super::output;
use super::render::wrap::Page;
use super::ui::Ui;

#[derive(Debug, clap::Args)]
struct Words {
    /// Write to this file; without it, to standard output. Each goes with the `-f` before it
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// How to print (repeatable, with a file each)
    #[arg(short, long, default_value = "text", value_name = "FORMAT")]
    format: Vec<ReviewFormat>,
    /// Print nothing where there is nothing to tell, but for JSON and SARIF
    #[arg(long)]
    skip_no_diff: bool,
}

/// What is printed, and where to.
#[derive(Debug)]
pub(crate) struct ReviewArgs {
    results: Vec<(ReviewFormat, Option<PathBuf>)>,
    skip_no_diff: bool,
}

impl ReviewArgs {
    /// The only one; an error if there are several.
    pub(crate) fn only(&self) -> Result<(ReviewFormat, Option<&Path>), CommandError> {
        match self.results.as_slice() {
            [(format, path)] => Ok((*format, path.as_deref())),
            _ => Err(CommandError::user(
                "this is printed in one format at a time",
            )),
        }
    }

    /// Writes all of them. `nothing` says that there is nothing to tell.
    pub(crate) fn write(
        &self,
        nothing: bool,
        ui: &Ui,
        render: impl Fn(ReviewFormat, Page) -> String,
    ) -> Result<(), CommandError> {
        let wanted = self
            .results
            .iter()
            .filter(|(format, _)| !(self.skip_no_diff && nothing && format.may_be_empty()));
        let texts: Vec<(Option<&Path>, String)> = wanted
            .map(|(format, path)| {
                let path = path.as_deref();
                let text = render(*format, ui.page(path));
                if output::is_stdout(path) {
                    return (path, text);
                }
                // Colours are for terminals.
                (path, anstream::adapter::strip_str(&text).to_string())
            })
            .collect();
        let texts: Vec<(Option<&Path>, &str)> = texts
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        output::write_all(&texts, ui)
    }
}

impl FromArgMatches for ReviewArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let words = Words::from_arg_matches(matches)?;
        let told = matches.value_source("format") == Some(ValueSource::CommandLine);
        let places = |name: &str| -> Vec<usize> {
            matches
                .indices_of(name)
                .map(Iterator::collect)
                .unwrap_or_default()
        };
        let formats = places("format").into_iter().zip(words.format);
        let outputs = places("output").into_iter().zip(words.output);
        let results = pairs(formats.collect(), outputs.collect(), told)
            .map_err(|message| clap::Error::raw(ErrorKind::ArgumentConflict, message))?;
        Ok(Self {
            results,
            skip_no_diff: words.skip_no_diff,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for ReviewArgs {
    fn augment_args(command: Command) -> Command {
        Words::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Words::augment_args_for_update(command)
    }
}

/// Puts formats and files together by where they stand on the command line.
fn pairs(
    formats: Vec<(usize, ReviewFormat)>,
    mut outputs: Vec<(usize, PathBuf)>,
    told: bool,
) -> Result<Vec<(ReviewFormat, Option<PathBuf>)>, &'static str> {
    // One of each belong together however they stand.
    if let ([(_, format)], 0..=1) = (formats.as_slice(), outputs.len()) {
        return Ok(vec![(*format, outputs.pop().map(|(_, path)| path))]);
    }
    if !told {
        return Err("each `-o` goes with a `-f` before it\n");
    }
    let mut results: Vec<(usize, ReviewFormat, Option<PathBuf>)> = formats
        .into_iter()
        .map(|(at, format)| (at, format, None))
        .collect();
    for (at, path) in outputs {
        let before = results.iter_mut().rfind(|(place, ..)| *place < at);
        match before {
            Some((_, _, free @ None)) => *free = Some(path),
            Some(_) | None => return Err("each `-o` goes with a `-f` before it\n"),
        }
    }
    let to_stdout = results
        .iter()
        .filter(|(_, _, path)| output::is_stdout(path.as_deref()));
    if to_stdout.count() > 1 {
        return Err(
            "several results would be written to standard output: name a file for each with `-o`\n",
        );
    }
    Ok(results
        .into_iter()
        .map(|(_, format, path)| (format, path))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_goes_with_the_format_before_it() {
        use ReviewFormat::{Json, Sarif, Text};
        let file = |at: usize, name: &str| (at, PathBuf::from(name));
        let of = |formats: Vec<_>, outputs: Vec<_>| {
            let pairs = pairs(formats, outputs, true)?;
            let pairs = pairs.into_iter();
            Ok::<_, &str>(
                pairs
                    .map(|(format, path)| (format, path.map(|it| it.display().to_string())))
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(of(vec![(1, Json)], vec![]), Ok(vec![(Json, None)]));
        assert_eq!(
            of(vec![(3, Json)], vec![file(1, "a")]),
            Ok(vec![(Json, Some("a".to_owned()))])
        );
        assert_eq!(
            of(
                vec![(1, Text), (3, Sarif), (7, Json)],
                vec![file(5, "s"), file(9, "j")]
            ),
            Ok(vec![
                (Text, None),
                (Sarif, Some("s".to_owned())),
                (Json, Some("j".to_owned()))
            ])
        );
        for (formats, outputs) in [
            (vec![(1, Text), (2, Json)], vec![]),
            (vec![(1, Text)], vec![file(3, "a"), file(5, "b")]),
            (vec![(3, Text), (5, Json)], vec![file(1, "a")]),
        ] {
            assert!(of(formats, outputs).is_err());
        }
    }
}
