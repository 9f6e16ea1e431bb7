//! The configuration file: which it is, and what lies where from it on.

mod outputs;
mod patterns;

use std::path::{Path, PathBuf};

use callsieve::config::{self, Config, Date, MAX_BYTES, NAME};

use super::error::CommandError;
use super::input;
use super::render::safe;
use super::ui::Ui;

/// Which configuration file is read, and what day it is.
#[derive(Debug, clap::Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file; without it, that of `CALLSIEVE_CONFIG`, or else callsieve.toml in
    /// the working directory or above it in the same repository
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What to take for today's date, on which exceptions expire, as 2027-06-30; without it, that
    /// of `SOURCE_DATE_EPOCH` or of the clock, in UTC
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
}

/// A configuration file and where it lies.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// Its name from the repository's root on, for people and for reports.
    pub(crate) shown: String,
    /// Its folder, without links.
    folder: PathBuf,
    /// The repository that it lies in, or its folder.
    repository: PathBuf,
}

impl ConfigArgs {
    /// Finds the file and reads it.
    pub(crate) fn load(&self, ui: &Ui) -> Result<Loaded, CommandError> {
        let named = self.config.clone();
        let named = named.or_else(|| ui.env.config.clone().map(PathBuf::from));
        let path = match named {
            Some(path) => path,
            None => found()?,
        };
        let (place, bytes) = input::bytes(&path, MAX_BYTES)?;
        let config = config::read(&bytes).map_err(|error| {
            CommandError::user(format!("{place}:{error}")).hint("docs/ci.md lists all keys")
        })?;
        let cant = |error| CommandError::user(format!("can't read `{place}`: {error}"));
        let real = std::fs::canonicalize(&path).map_err(cant)?;
        let folder = real.parent().unwrap_or(&real).to_owned();
        let repository = repository(&folder).unwrap_or(&folder).to_owned();
        let mut loaded = Loaded {
            config,
            shown: String::new(),
            folder,
            repository,
        };
        let name = real.file_name().unwrap_or(NAME.as_ref());
        loaded.shown = loaded.shown(&name.to_string_lossy());
        Ok(loaded)
    }

    /// What day it is.
    pub(crate) fn today(&self, ui: &Ui) -> Result<Date, CommandError> {
        today(self.today, ui)
    }
}

/// What day it is: as told, or as the environment says.
pub(crate) fn today(told: Option<Date>, ui: &Ui) -> Result<Date, CommandError> {
    if let Some(today) = told {
        return Ok(today);
    }
    let Some(given) = &ui.env.source_date else {
        return Ok(Date::from_unix(ui.env.now));
    };
    let seconds = given.to_str().and_then(|text| text.parse().ok());
    seconds
        .map(Date::from_unix)
        .ok_or_else(|| CommandError::user("SOURCE_DATE_EPOCH is no number of seconds since 1970"))
}

/// The nearest file from the working directory upwards. Above it only what lies in the same
/// repository counts: anybody may put files into folders that are shared, as /tmp.
fn found() -> Result<PathBuf, CommandError> {
    let cant = |error| CommandError::user(format!("can't tell the working directory: {error}"));
    let here = std::env::current_dir().map_err(cant)?;
    let last = repository(&here).unwrap_or(&here);
    let folders = here.ancestors().take_while(|it| it.starts_with(last));
    let mut files = folders.map(|it| it.join(NAME)).filter(|it| it.is_file());
    let file = files.next().ok_or_else(|| {
        CommandError::user(format!(
            "there is no {NAME} in the working directory or above it in its repository"
        ))
        .hint("docs/ci.md shows one; `--config` names another")
    })?;
    Ok(file.strip_prefix(&here).map(Path::to_owned).unwrap_or(file))
}

/// The root of the repository that a folder is in.
fn repository(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|it| it.join(".git").exists())
}

impl Loaded {
    /// A path from the file on, as it is named from the repository's root on.
    pub(crate) fn shown(&self, path: &str) -> String {
        let below = self.folder.strip_prefix(&self.repository);
        let full = below.unwrap_or(Path::new("")).join(path);
        let plain: PathBuf = full
            .components()
            .filter(|part| !matches!(part, std::path::Component::CurDir))
            .collect();
        safe(&plain.to_string_lossy())
    }

    /// The folder of the file.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}
