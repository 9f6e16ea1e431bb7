//! What makes an engine call the recording hook: an entry in one of its files.

mod docker;
mod json;
mod podman;

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use super::error::CommandError;
use super::exit::Exit;
use super::output;
use super::render::printable;
use super::ui::Ui;

pub(crate) use docker::Docker;
pub(crate) use podman::Podman;

/// What is to be done with the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Print what it would be.
    Print,
    /// Write it.
    Apply,
    /// Take the entry out again.
    Undo,
}

/// What an engine is to call.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The file of this program.
    pub(crate) program: PathBuf,
    /// Where recordings go, if not to the usual place.
    pub(crate) output: Option<PathBuf>,
    /// Every container is recorded, whether it asks or not.
    pub(crate) all: bool,
}

/// A file of an engine that is to be changed.
pub(crate) trait Setting {
    /// The file.
    fn path(&self) -> &Path;
    /// Its text with the entry.
    fn with(&self, text: Option<&str>) -> Result<String, CommandError>;
    /// Its text without; none if the file is to go.
    fn without(&self, text: &str) -> Result<Option<String>, CommandError>;
    /// What to put into it by hand.
    fn to_paste(&self) -> String;
    /// What to do when it is written.
    fn next(&self) -> Vec<String>;
}

/// Larger files of an engine are no settings, in bytes.
const LARGEST: u64 = 1 << 20;

/// Does it.
pub(crate) fn run(setting: &dyn Setting, what: What, ui: &Ui) -> Result<Exit, CommandError> {
    let path = setting.path();
    let before = read(path)?;
    let shown = path.display();
    if what == What::Undo {
        let Some(before) = before else {
            ui.note(&format!("There is no `{shown}`; nothing to undo."));
            return Ok(Exit::Done);
        };
        let after = setting
            .without(&before)
            .map_err(|error| unable_to(path, &error))?;
        match after {
            Some(after) if after == before => {
                ui.note(&format!(
                    "`{shown}` has no entry of callsieve; nothing to undo."
                ));
            }
            Some(after) => write(path, Some(&before), &after, ui)?,
            None => {
                fs::remove_file(path).map_err(|error| cant(path, &error))?;
                ui.note(&format!("Removed {shown}."));
            }
        }
        return Ok(Exit::Done);
    }
    let after = setting.with(before.as_deref()).map_err(|error| {
        unable_to(path, &error).hint(format!("put this into it by hand: {}", setting.to_paste()))
    })?;
    if what == What::Print {
        ui.result(&printable(after.clone()))?;
    }
    if before.as_deref() == Some(&after) {
        ui.note(&format!("`{shown}` is as it should be; nothing to do."));
        return Ok(Exit::Done);
    }
    if what == What::Print {
        ui.note(&format!("This would be {shown}. `--apply` writes it."));
        return Ok(Exit::Done);
    }
    write(path, before.as_deref(), &after, ui)?;
    for line in setting.next() {
        ui.note(&line);
    }
    Ok(Exit::Done)
}

fn unable_to(path: &Path, error: &CommandError) -> CommandError {
    CommandError::user(format!("`{}` is left as it is: {error}", path.display()))
}

fn cant(path: &Path, error: &io::Error) -> CommandError {
    let told = CommandError::write(&format!("`{}`", path.display()), error);
    if error.kind() == io::ErrorKind::PermissionDenied {
        told.unable()
    } else {
        told
    }
}

fn read(path: &Path) -> Result<Option<String>, CommandError> {
    let failed = |why: &dyn std::fmt::Display| {
        CommandError::user(format!("can't read `{}`: {why}", path.display()))
    };
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error)),
        Ok(found) if !found.is_file() => return Err(failed(&"it is no file")),
        Ok(found) if found.len() > LARGEST => return Err(failed(&"it is too long")),
        Ok(_) => {}
    }
    let text = fs::read(path).map_err(|error| failed(&error))?;
    let text = String::from_utf8(text).map_err(|error| failed(&error))?;
    Ok(Some(text))
}

/// Writes a file, and keeps what was there under another name.
fn write(path: &Path, before: Option<&str>, after: &str, ui: &Ui) -> Result<(), CommandError> {
    let backup = before.map(|before| keep(path, before)).transpose()?;
    if backup.is_none() {
        let folder = path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder).map_err(|error| cant(folder, &error))?;
    }
    output::replace(path, after).map_err(denied)?;
    ui.note(&match backup {
        Some(backup) => format!(
            "Wrote {}; what it was is {}.",
            path.display(),
            backup.display()
        ),
        None => format!("Wrote {}.", path.display()),
    });
    Ok(())
}

fn keep(path: &Path, before: &str) -> Result<PathBuf, CommandError> {
    let found = fs::metadata(path).map_err(|error| cant(path, &error))?;
    let kept = output::write_new(before, found.permissions().mode() & 0o777, |number| {
        let mut name = path.as_os_str().to_owned();
        name.push(match number {
            1 => ".before-callsieve".to_owned(),
            _ => format!(".before-callsieve.{number}"),
        });
        PathBuf::from(name)
    });
    kept.map_err(denied)
}

/// Engines' files are root's.
fn denied(error: CommandError) -> CommandError {
    if geteuid().is_root() {
        error
    } else {
        error.unable()
    }
}

impl Entry {
    /// The words that call the hook.
    fn hook(&self) -> Vec<String> {
        let words = ["callsieve", "record", "--oci-hook"].map(str::to_owned);
        let mut words = words.to_vec();
        words.extend(self.output_words("-o"));
        words
    }

    fn output_words(&self, option: &str) -> Vec<String> {
        let folder = self.output.iter();
        folder
            .flat_map(|folder| [option.to_owned(), folder.to_string_lossy().into_owned()])
            .collect()
    }

    /// Root is going to run this program, so nobody else may be able to change it.
    pub(crate) fn check(&self) -> Result<(), CommandError> {
        const OTHERS_WRITE: u32 = 0o022;
        const STICKY: u32 = 0o1000;
        for path in self.program.ancestors() {
            let found = fs::metadata(path).map_err(|error| {
                CommandError::user(format!("can't look at `{}`: {error}", path.display()))
            })?;
            let others = found.mode() & OTHERS_WRITE != 0;
            let sticky = found.is_dir() && found.mode() & STICKY != 0;
            if found.uid() != 0 || (others && !sticky) {
                return Err(CommandError::user(format!(
                    "the engine would run {} as root, and `{}` can be changed by another user",
                    self.program.display(),
                    path.display()
                ))
                .hint("install callsieve for root, as `install -m 755 callsieve /usr/local/bin`, and call that one"));
            }
        }
        Ok(())
    }
}
