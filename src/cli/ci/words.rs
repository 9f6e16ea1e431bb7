//! A profile of the configuration file as options of `generate`, so that one command line makes
//! the same of the same.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use callsieve::config::{Kind, Profile as Wanted};
use clap::Parser;

use crate::cli::commands::generate::GenerateArgs;
use crate::cli::config::Loaded;
use crate::cli::error::CommandError;

/// What the command line says instead of the file.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) recordings: Vec<PathBuf>,
    pub(crate) against: Option<String>,
    pub(crate) keep: Option<bool>,
    pub(crate) prune_after: Option<NonZeroUsize>,
    pub(crate) allow_incomplete: bool,
}

#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
struct Words {
    #[command(flatten)]
    args: GenerateArgs,
}

/// The arguments of `generate`.
pub(super) fn args(
    loaded: &Loaded,
    position: usize,
    wanted: &Wanted,
    target: &Path,
    overrides: &Overrides,
) -> Result<GenerateArgs, CommandError> {
    let mut words: Vec<OsString> = Vec::new();
    for (key, values) in &wanted.options {
        match values.as_slice() {
            [] => words.push(format!("--{key}").into()),
            values => words.extend(values.iter().map(|it| format!("--{key}={it}").into())),
        }
    }
    if overrides.allow_incomplete && !words.iter().any(|word| word == "--allow-incomplete") {
        words.push("--allow-incomplete".into());
    }
    for exception in loaded.config.exceptions_of(position) {
        let option = match (exception.kind, exception.beyond_base) {
            (Kind::Allow, false) => "also",
            (Kind::Allow, true) => "allow",
            (Kind::Deny, _) => "deny",
        };
        let why = exception.why();
        let names = exception.names.iter();
        words.extend(names.map(|name| format!("--{option}={name}={why}").into()));
    }
    if overrides.keep.unwrap_or(wanted.keep) && target.exists() {
        words.push(with("--keep=", target));
        if let Some(after) = overrides.prune_after.or(wanted.prune_after) {
            words.push(format!("--prune-after={after}").into());
        }
    }
    words.push(with("--output=", target));
    words.push("--".into());
    let files = if overrides.recordings.is_empty() {
        loaded.files(&wanted.recordings)?
    } else {
        overrides.recordings.clone()
    };
    words.extend(files.into_iter().map(OsString::from));
    let parsed = Words::try_parse_from(words).map_err(|error| {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        let line = line.strip_prefix("error: ").unwrap_or(line);
        CommandError::user(format!("{}: {line}", loaded.shown))
    })?;
    Ok(parsed.args)
}

fn with(option: &str, path: &Path) -> OsString {
    let mut word = OsString::from(option);
    word.push(path);
    word
}
