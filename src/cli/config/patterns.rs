//! Files that a pattern stands for: `*` and `?` within a name, `**` for any folders.

use std::fs;
use std::path::{Path, PathBuf};

use super::Loaded;
use crate::cli::error::CommandError;
use crate::cli::render::safe;

/// More entries of folders than this are not looked at.
const MAX_ENTRIES: usize = 100_000;
/// `**` goes so deep.
const MAX_DEPTH: usize = 16;

/// What is looked for, and how much was looked at.
struct Search<'a> {
    loaded: &'a Loaded,
    pattern: &'a str,
    entries: usize,
    found: Vec<PathBuf>,
}

impl Loaded {
    /// The files of patterns of the file, sorted, each once. All lie in the repository.
    pub(crate) fn files(&self, patterns: &[String]) -> Result<Vec<PathBuf>, CommandError> {
        let mut files = Vec::new();
        for pattern in patterns {
            let mut search = Search {
                loaded: self,
                pattern,
                entries: 0,
                found: Vec::new(),
            };
            let parts: Vec<&str> = pattern.split('/').filter(|it| !it.is_empty()).collect();
            search.below(&self.folder, &parts, 0)?;
            search.found.sort();
            if search.found.is_empty() {
                return Err(search.failed("no file matches"));
            }
            for path in search.found {
                if !files.contains(&path) {
                    files.push(path);
                }
            }
        }
        Ok(files)
    }

    /// Whether a path leads nowhere out of the repository.
    fn is_inside(&self, path: &Path) -> bool {
        fs::canonicalize(path).is_ok_and(|real| real.starts_with(&self.repository))
    }
}

impl Search<'_> {
    fn failed(&self, why: &str) -> CommandError {
        let (place, pattern) = (&self.loaded.shown, self.pattern);
        CommandError::user(format!("{place}: `{pattern}`: {why}"))
    }

    fn below(&mut self, folder: &Path, parts: &[&str], depth: usize) -> Result<(), CommandError> {
        let Some((part, rest)) = parts.split_first() else {
            return Ok(());
        };
        if *part == "**" {
            self.below(folder, rest, depth)?;
            if depth < MAX_DEPTH {
                for name in self.names(folder)? {
                    let path = folder.join(name);
                    if path.is_dir() && !path.is_symlink() {
                        self.below(&path, parts, depth + 1)?;
                    }
                }
            }
            return Ok(());
        }
        if !part.contains(['*', '?']) {
            return self.take(folder.join(part), rest, depth);
        }
        for name in self.names(folder)? {
            if matches(part.as_bytes(), name.as_bytes()) {
                self.take(folder.join(name), rest, depth)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, path: PathBuf, rest: &[&str], depth: usize) -> Result<(), CommandError> {
        if !rest.is_empty() {
            return if path.is_dir() {
                self.below(&path, rest, depth)
            } else {
                Ok(())
            };
        }
        if !path.exists() {
            return Ok(());
        }
        if !self.loaded.is_inside(&path) {
            return Err(self.failed("it leads out of the repository"));
        }
        if self.found.len() >= MAX_ENTRIES {
            return Err(self.failed("too many files match"));
        }
        self.found.push(path);
        Ok(())
    }

    /// Names in a folder, sorted, but for hidden ones and those that are no text.
    fn names(&mut self, folder: &Path) -> Result<Vec<String>, CommandError> {
        let place = safe(&folder.display().to_string());
        let cant =
            |error: std::io::Error| CommandError::user(format!("can't read `{place}`: {error}"));
        if !self.loaded.is_inside(folder) {
            return Err(self.failed("it leads out of the repository"));
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(cant)? {
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return Err(self.failed("too many files are to be looked at"));
            }
            let name = entry.map_err(cant)?.file_name();
            names.extend(
                name.to_str()
                    .filter(|it| !it.starts_with('.'))
                    .map(ToOwned::to_owned),
            );
        }
        names.sort();
        Ok(names)
    }
}

/// Whether a name fits, where `*` stands for any number of bytes and `?` for one. Each star is
/// tried again from where it stood, the last one only, so time is bounded by both lengths.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut of) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while of < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, of));
                at += 1;
            }
            Some(b'?') => (at, of) = (at + 1, of + 1),
            Some(byte) if Some(byte) == name.get(of) => (at, of) = (at + 1, of + 1),
            Some(_) | None => match star {
                Some((back, from)) => {
                    star = Some((back, from + 1));
                    (at, of) = (back + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        for (pattern, name, fits) in [
            ("*.json", "a.json", true),
            ("*.json", "a.jsonl", false),
            ("a?c*", "abcd", true),
            ("a?c", "ac", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "xxaxxbxx", false),
            ("", "a", false),
            ("**", "anything", true),
        ] {
            assert_eq!(
                matches(pattern.as_bytes(), name.as_bytes()),
                fits,
                "{pattern} {name}"
            );
        }
        let many = "a".repeat(5000);
        assert!(!matches(
            "*a".repeat(2000).as_bytes(),
            (many + "b").as_bytes()
        ));
    }
}
