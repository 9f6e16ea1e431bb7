//! The folder for recordings of the hook: root writes there, so nobody else may.

use std::fs::{DirBuilder, Metadata};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

use nix::unistd::geteuid;

use crate::cli::error::CommandError;

/// Makes the folder if it is not there, for its owner alone. One that somebody else could write
/// to is not taken: names in it could lead elsewhere.
pub(super) fn prepare(folder: &Path) -> Result<(), CommandError> {
    let shown = folder.display();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .and_then(|()| std::fs::metadata(folder))
        .map_err(|error| CommandError::write(&format!("to `{shown}`"), &error))
        .and_then(|found| {
            if is_ours_alone(&found) {
                Ok(())
            } else {
                Err(CommandError::user(format!(
                    "`{shown}` belongs to another user, or others may write to it"
                )))
            }
        })
}

fn is_ours_alone(folder: &Metadata) -> bool {
    const OTHERS_WRITE: u32 = 0o022;
    folder.uid() == geteuid().as_raw() && folder.mode() & OTHERS_WRITE == 0
}
