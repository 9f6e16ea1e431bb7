//! Where results may go: whoever proposes a change can write the file that says so.

use std::path::{Component, Path, PathBuf};

use super::Loaded;
use crate::cli::error::CommandError;

impl Loaded {
    /// Where a result goes that the file names: into its folder or below, and not into what git
    /// keeps there, be it through links.
    pub(crate) fn output(&self, path: &str) -> Result<PathBuf, CommandError> {
        let refused = |why: &str| {
            CommandError::user(format!("{}: can't write to `{path}`: {why}", self.shown))
        };
        let full = self.folder.join(path);
        let (Some(name), Some(parent)) = (full.file_name(), full.parent()) else {
            return Err(refused("it names no file"));
        };
        let parent = std::fs::canonicalize(parent).map_err(|error| refused(&error.to_string()))?;
        let mut target = parent.join(name);
        if target.is_symlink() {
            target = std::fs::canonicalize(&target).map_err(|error| refused(&error.to_string()))?;
        }
        let Ok(below) = target.strip_prefix(&self.folder) else {
            return Err(refused("it lies outside of the folder of this file"));
        };
        if has_git(below) {
            return Err(refused("it belongs to git"));
        }
        if target.exists() && !target.is_file() {
            return Err(refused("it is no regular file"));
        }
        Ok(target)
    }
}

fn has_git(path: &Path) -> bool {
    path.components().any(|part| match part {
        Component::Normal(name) => name.eq_ignore_ascii_case(".git"),
        Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => {
            false
        }
    })
}
