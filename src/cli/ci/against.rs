//! What a profile is compared with: the file as a revision of git has it, where the configuration
//! file lies and not where the command runs.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use callsieve::formats::docker::MAX_BYTES;

use crate::cli::engine_command::{Answer, Call};
use crate::cli::error::CommandError;

/// How long git may take. It may have to fetch the file from elsewhere.
const LIMIT: Duration = Duration::from_secs(60);

/// Whether `revision` names a commit of the repository that a folder is in.
pub(super) fn exists(folder: &Path, revision: &str) -> Result<bool, CommandError> {
    if revision.starts_with('-') || revision.contains(':') {
        return Err(CommandError::user(format!(
            "`{revision}` names no revision"
        )));
    }
    let commit = format!("{revision}^{{commit}}");
    let words = ["rev-parse", "--quiet", "--verify", &commit];
    Ok(git(folder, &words)?.status.success())
}

/// The file of a revision, or `None` if that does not have it. `path` is from the folder on.
pub(super) fn file(
    folder: &Path,
    revision: &str,
    path: &str,
) -> Result<Option<Vec<u8>>, CommandError> {
    let object = format!("{revision}:./{path}");
    let answer = git(folder, &["cat-file", "blob", &object])?;
    if !answer.status.success() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let most = MAX_BYTES as u64 + 1;
    answer
        .stdout
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| CommandError::input(&object, &error))?;
    Ok(Some(bytes))
}

fn git(folder: &Path, arguments: &[&str]) -> Result<Answer, CommandError> {
    let mut words: Vec<OsString> = vec!["-C".into(), folder.into()];
    words.extend(arguments.iter().map(OsString::from));
    let call = Call::of_this_machine("git", &words).within(LIMIT);
    Ok(call.at_most(MAX_BYTES as u64 + 1).answer()?)
}
