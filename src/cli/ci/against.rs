//! What a profile is compared with: the file as a revision of git has it.

use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

use callsieve::formats::docker::MAX_BYTES;

use crate::cli::error::CommandError;
use crate::cli::render::safe;

/// Whether `revision` names a commit of the repository that a folder is in.
pub(super) fn exists(folder: &Path, revision: &str) -> Result<bool, CommandError> {
    if revision.starts_with('-') || revision.contains(':') {
        return Err(CommandError::user(format!(
            "`{revision}` names no revision"
        )));
    }
    let commit = format!("{revision}^{{commit}}");
    let mut command = git(folder, &["rev-parse", "--quiet", "--verify", &commit]);
    let status = command
        .stdout(Stdio::null())
        .status()
        .map_err(|error| missing(&error))?;
    Ok(status.success())
}

/// The file of a revision, or `None` if that does not have it. `path` is from the folder on.
pub(super) fn file(
    folder: &Path,
    revision: &str,
    path: &str,
) -> Result<Option<Vec<u8>>, CommandError> {
    let object = format!("{revision}:./{path}");
    let mut kind = git(folder, &["cat-file", "-t", &object]);
    let told = kind.output().map_err(|error| missing(&error))?;
    if told.stdout != b"blob\n" {
        return Ok(None);
    }
    let failed =
        |error: &io::Error| CommandError::user(format!("can't read `{}`: {error}", safe(&object)));
    let mut child = git(folder, &["cat-file", "blob", &object])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| missing(&error))?;
    let mut bytes = Vec::new();
    let read = match child.stdout.take() {
        Some(stdout) => stdout.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes),
        None => Ok(0),
    };
    let ended = child.wait();
    read.and(ended.map(drop).map(|()| 0))
        .map_err(|error| failed(&error))?;
    Ok(Some(bytes))
}

fn git(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn missing(error: &io::Error) -> CommandError {
    CommandError::user(format!("can't run git: {error}"))
        .unable()
        .hint("git tells what is compared; install it")
}
