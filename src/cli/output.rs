//! Writes results: a complete file renamed into place, or standard output.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::error::CommandError;
use super::ui::Ui;

/// Writes to a file, or to standard output if there is none or it is `-`.
pub(crate) fn write(path: Option<&Path>, text: &str, ui: &Ui) -> Result<(), CommandError> {
    match path {
        Some(path) if path != Path::new("-") => write_atomic(path, text)
            .map_err(|error| CommandError::write(&format!("`{}`", path.display()), &error)),
        Some(_) | None => ui.result(text),
    }
}

/// Whether a result goes to standard output.
pub(crate) fn is_stdout(path: Option<&Path>) -> bool {
    path.is_none_or(|path| path == Path::new("-"))
}

/// Writes a file so that at every moment its name leads to the old content or to the new one,
/// whole.
fn write_atomic(path: &Path, text: &str) -> io::Result<()> {
    let target = target(path)?;
    if target.exists() && !target.is_file() {
        // A device or a pipe: there is nothing to replace. A directory fails here.
        let mut file = fs::OpenOptions::new().write(true).open(&target)?;
        return file.write_all(text.as_bytes());
    }
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    };
    let permissions = match fs::metadata(&target) {
        Ok(metadata) => metadata.permissions(),
        // Less the user's umask, which the kernel takes away when the file is made.
        Err(_) => Permissions::from_mode(0o666),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".callsieve-")
        .permissions(permissions)
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

/// The file itself where the path is a link to one.
fn target(path: &Path) -> io::Result<PathBuf> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => fs::canonicalize(path),
        Ok(_) | Err(_) => Ok(path.to_owned()),
    }
}
