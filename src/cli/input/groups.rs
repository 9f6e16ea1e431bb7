//! Which files belong together, and what a directory stands for.

use std::fs;
use std::path::{Path, PathBuf};

use super::Origin;
use crate::cli::error::CommandError;
use crate::cli::render::safe;

/// More files than this in a directory are a mistake.
const MAX_FILES: usize = 100_000;
/// Directories in directories are followed so deep.
const MAX_DEPTH: usize = 16;

/// The files to be read, where each directory stands for those in it, sorted.
pub(super) fn expanded(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CommandError> {
    let mut files = Vec::new();
    for path in paths {
        if path == Path::new("-") || !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        below(path, MAX_DEPTH, &mut files)?;
        if files.len() == before {
            return Err(CommandError::user(format!(
                "`{}` is a directory without a file in it",
                safe(&path.display().to_string())
            )));
        }
    }
    Ok(files)
}

/// The files of a directory. Hidden ones and those that are no regular files are none of the
/// user's traces.
fn below(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), CommandError> {
    let place = || safe(&folder.display().to_string());
    let cant =
        |error: std::io::Error| CommandError::user(format!("can't read `{}`: {error}", place()));
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(cant)? {
        entries.push(entry.map_err(cant)?.path());
        if entries.len() + files.len() > MAX_FILES {
            return Err(CommandError::user(format!(
                "`{}` has over {MAX_FILES} files in it",
                place()
            )));
        }
    }
    entries.sort();
    for path in entries {
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if hidden {
            continue;
        }
        let kind = path.symlink_metadata().map_err(cant)?.file_type();
        if kind.is_dir() && depth > 0 {
            below(&path, depth - 1, files)?;
        } else if kind.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// Files that belong together.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Group {
    One(Origin),
    /// The files of an `-ff` set, by process.
    Set(Vec<(u32, PathBuf)>),
}

/// Puts together what `strace -ff -o NAME` wrote: `NAME.PID`, perhaps compressed.
pub(super) fn groups(paths: &[PathBuf]) -> Vec<Group> {
    let mut groups: Vec<(Option<PathBuf>, Group)> = Vec::new();
    for path in paths {
        let Some((stem, pid)) = member(path) else {
            groups.push((None, Group::One(Origin::new(path))));
            continue;
        };
        let known = groups.iter_mut().find(|(of, _)| of.as_ref() == Some(&stem));
        match known {
            Some((_, Group::Set(files))) => files.push((pid, path.clone())),
            Some(_) | None => groups.push((Some(stem), Group::Set(vec![(pid, path.clone())]))),
        }
    }
    let mut all: Vec<Group> = groups.into_iter().map(|(_, group)| group).collect();
    for group in &mut all {
        if let Group::Set(files) = group {
            files.sort();
            files.dedup();
        }
    }
    all
}

/// The name of the set that a file is of, and its process.
fn member(path: &Path) -> Option<(PathBuf, u32)> {
    if let Origin::Git(_) = Origin::new(path) {
        return None;
    }
    let name = path.file_name()?.to_str()?;
    let name = name
        .strip_suffix(".gz")
        .or_else(|| name.strip_suffix(".zst"))
        .or_else(|| name.strip_suffix(".xz"))
        .unwrap_or(name);
    let (stem, pid) = name.rsplit_once('.')?;
    let well_formed =
        !stem.is_empty() && !pid.starts_with('0') && pid.bytes().all(|b| b.is_ascii_digit());
    let pid = pid.parse().ok().filter(|_| well_formed)?;
    Some((path.with_file_name(stem), pid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_set_belong_together() {
        let paths = [
            "a/t.12", "b.strace", "a/t.7.gz", "c/t.3", "-", "v1.0", "a/t.12",
        ];
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        assert_eq!(
            groups(&paths),
            [
                Group::Set(vec![(7, "a/t.7.gz".into()), (12, "a/t.12".into())]),
                Group::One(Origin::File("b.strace".into())),
                Group::Set(vec![(3, "c/t.3".into())]),
                Group::One(Origin::Stdin),
                Group::One(Origin::File("v1.0".into())),
            ]
        );
    }
}
