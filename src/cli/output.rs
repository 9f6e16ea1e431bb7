//! Writes results: complete files renamed into place, or standard output.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::error::CommandError;
use super::ui::Ui;

/// Writes to a file, or to standard output if there is none or it is `-`.
pub(crate) fn write(path: Option<&Path>, text: &str, ui: &Ui) -> Result<(), CommandError> {
    // Colours are for terminals, and the stream to one takes care of them itself.
    if !is_stdout(path) && text.contains('\x1b') {
        let plain = anstream::adapter::strip_str(text).to_string();
        return write_all(&[(path, plain.as_str())], ui);
    }
    write_all(&[(path, text)], ui)
}

/// Writes bytes that are no text.
pub(crate) fn write_bytes(path: Option<&Path>, bytes: &[u8]) -> Result<(), CommandError> {
    match path {
        Some(path) if !is_stdout(Some(path)) => {
            match stage(path, bytes).map_err(|error| cant(path, &error))? {
                Some(file) => file
                    .file
                    .persist(&file.target)
                    .map(drop)
                    .map_err(|error| cant(path, &error.error)),
                None => write_through(path, bytes).map_err(|error| cant(path, &error)),
            }
        }
        Some(_) | None => Ui::raw_result(bytes),
    }
}

/// Writes several results. Files get their names when all of them are complete, so that a
/// failure leaves every one as it was.
pub(crate) fn write_all(results: &[(Option<&Path>, &str)], ui: &Ui) -> Result<(), CommandError> {
    let mut staged: Vec<(&Path, Staged)> = Vec::new();
    let mut direct: Vec<(Option<&Path>, &str)> = Vec::new();
    for (path, text) in results {
        match path {
            Some(path) if !is_stdout(Some(path)) => {
                match stage(path, text.as_bytes()).map_err(|error| cant(path, &error))? {
                    Some(file) if staged.iter().any(|(_, known)| known.target == file.target) => {
                        return Err(CommandError::user(format!(
                            "two results would be written to `{}`",
                            path.display()
                        )));
                    }
                    Some(file) => staged.push((path, file)),
                    None => direct.push((Some(path), text)),
                }
            }
            Some(_) | None => direct.push((None, text)),
        }
    }
    for (path, text) in direct {
        match path {
            Some(path) => {
                write_through(path, text.as_bytes()).map_err(|error| cant(path, &error))?;
            }
            None => ui.result(text)?,
        }
    }
    for (path, file) in staged {
        file.file
            .persist(&file.target)
            .map_err(|error| cant(path, &error.error))?;
    }
    Ok(())
}

/// Replaces what is in a file.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), CommandError> {
    write_bytes(Some(path), text.as_bytes())
}

/// Writes to the first of many names that nothing has, whoever else does the same. `mode` is the
/// file's, less the user's umask.
pub(crate) fn write_new(
    text: &str,
    mode: u32,
    name: impl Fn(u32) -> PathBuf,
) -> Result<PathBuf, CommandError> {
    const MOST: u32 = 10_000;
    let first = name(1);
    let mut staged =
        stage_as(&first, text.as_bytes(), mode).map_err(|error| cant(&first, &error))?;
    for number in 1..=MOST {
        let path = name(number);
        let Some(file) = staged.take() else { break };
        match file.file.persist_noclobber(&path) {
            Ok(_) => return Ok(path),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                staged = Some(Staged {
                    file: error.file,
                    target: file.target,
                });
            }
            Err(error) => return Err(cant(&path, &error.error)),
        }
    }
    Err(CommandError::user(format!(
        "no name is free beside `{}`",
        first.display()
    )))
}

/// Fails if a file could not be written later; touches nothing that is there.
pub(crate) fn check(path: &Path) -> Result<(), CommandError> {
    if is_stdout(Some(path)) {
        return Ok(());
    }
    match beside(path, NEW_FILE).map_err(|error| cant(path, &error))? {
        // It goes with its temporary name.
        Some(staged) => drop(staged),
        None => drop(
            File::options()
                .write(true)
                .open(path)
                .map_err(|error| cant(path, &error))?,
        ),
    }
    Ok(())
}

/// Whether a result goes to standard output.
pub(crate) fn is_stdout(path: Option<&Path>) -> bool {
    path.is_none_or(|path| path == Path::new("-"))
}

/// Whether what was written there can be read again, as from no pipe and no `/dev/null`.
pub(crate) fn is_kept(path: &Path) -> bool {
    !is_stdout(Some(path)) && path.is_file()
}

fn cant(path: &Path, error: &io::Error) -> CommandError {
    CommandError::write(&format!("`{}`", path.display()), error)
}

/// A complete file without its name.
struct Staged {
    file: tempfile::NamedTempFile,
    target: PathBuf,
}

/// Writes a file beside the one that it will replace, so that at every moment the name leads to
/// the old content or to the new one, whole. `None` for a device or a pipe: there is nothing to
/// replace.
fn stage(path: &Path, bytes: &[u8]) -> io::Result<Option<Staged>> {
    stage_as(path, bytes, NEW_FILE)
}

/// What a new file permits, less the user's umask, which the kernel takes away.
const NEW_FILE: u32 = 0o666;

/// The same, with these permissions if it is a new file.
fn stage_as(path: &Path, bytes: &[u8], mode: u32) -> io::Result<Option<Staged>> {
    let mut staged = beside(path, mode)?;
    if let Some(Staged { file, .. }) = &mut staged {
        file.as_file_mut().write_all(bytes)?;
        file.as_file().sync_all()?;
    }
    Ok(staged)
}

/// An empty file for that.
fn beside(path: &Path, mode: u32) -> io::Result<Option<Staged>> {
    // A directory is found out when it is opened for writing.
    let existing = fs::metadata(path).ok();
    if existing.as_ref().is_some_and(fs::Metadata::is_dir) {
        File::options().write(true).open(path)?;
    }
    if existing.as_ref().is_some_and(|it| !it.is_file()) {
        return Ok(None);
    }
    let target = target(path)?;
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    };
    let file = tempfile::Builder::new()
        .prefix(".callsieve-")
        // The errors of `tempfile_in` tell the made-up name, which is another each time.
        .make_in(folder, |path| {
            File::options()
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(path)
        })?;
    if let Some(existing) = existing {
        file.as_file().set_permissions(existing.permissions())?;
    }
    let target = fs::canonicalize(folder)?.join(target.file_name().unwrap_or_default());
    Ok(Some(Staged { file, target }))
}

fn write_through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    File::options().write(true).open(path)?.write_all(bytes)
}

/// The file itself where the path is a link to one.
fn target(path: &Path) -> io::Result<PathBuf> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => fs::canonicalize(path),
        Ok(_) | Err(_) => Ok(path.to_owned()),
    }
}

/// The first of `web.rec.json`, `web.2.rec.json`, `web.3.rec.json` and so on that is not taken.
pub(crate) fn next_free(path: &Path, taken: impl Fn(&Path) -> bool) -> PathBuf {
    let text = path.to_string_lossy();
    let (stem, end) = match text.strip_suffix(".rec.json") {
        Some(stem) => (stem, ".rec.json"),
        None => (&*text, ""),
    };
    (1..1_000_000)
        .map(|number: u32| match number {
            1 => path.to_owned(),
            _ => PathBuf::from(format!("{stem}.{number}{end}")),
        })
        .find(|path| !taken(path))
        .unwrap_or_else(|| path.to_owned())
}
