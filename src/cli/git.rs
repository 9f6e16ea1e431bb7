//! A file as a commit has it: `git:REV:PATH`, read through the command of git, without a shell.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::engine_command::{Answer, Call};
use super::error::CommandError;

/// How long git may take. It may have to fetch the file from elsewhere.
const LIMIT: Duration = Duration::from_secs(60);

/// A file of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GitFile {
    /// What git makes a commit or a tree of; empty for the index.
    rev: OsString,
    /// From the root of the repository, or from the working directory if it begins with `./` or
    /// `../`, as git has it.
    path: PathBuf,
}

impl GitFile {
    /// Reads `git:REV:PATH`; `None` if it is something else, or if there is a file of that name.
    pub(crate) fn parse(word: &Path) -> Option<Self> {
        let text = word.as_os_str().as_bytes().strip_prefix(b"git:")?;
        let colon = text.iter().position(|byte| *byte == b':')?;
        let (rev, path) = (text.get(..colon)?, text.get(colon + 1..)?);
        if path.is_empty() || word.exists() {
            return None;
        }
        Some(Self {
            rev: OsString::from_vec(rev.to_vec()),
            path: PathBuf::from(OsString::from_vec(path.to_vec())),
        })
    }

    /// For people: `deploy/web.json at main`.
    pub(crate) fn place(&self) -> String {
        let path = self.path.display();
        if self.rev.is_empty() {
            format!("{path} in the index")
        } else {
            format!("{path} at {}", self.rev.display())
        }
    }

    /// The path in the repository.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file, of at most so many bytes.
    pub(crate) fn open(&self, most: u64) -> Result<File, CommandError> {
        if self.rev.as_bytes().starts_with(b"-") {
            return Err(CommandError::user(format!(
                "`{}` is no revision",
                self.rev.display()
            )));
        }
        let mut object = self.rev.clone();
        object.push(":");
        object.push(&self.path);
        let words = ["cat-file".into(), "blob".into(), object];
        let answer = call(&words).at_most(most).answer()?;
        if answer.status.success() {
            return Ok(answer.stdout);
        }
        Err(self.why(&answer)?)
    }

    /// Why git has no such file. Its words depend on the language, so that it is asked step by
    /// step.
    fn why(&self, answer: &Answer) -> Result<CommandError, CommandError> {
        let (rev, path) = (self.rev.display(), self.path.display());
        let repository = call(&["rev-parse".into(), "--git-dir".into()]).answer()?;
        if !repository.status.success() {
            let said = said(&repository);
            return Ok(CommandError::user(format!(
                "there is no git repository that could have `{path}`: {said}"
            )));
        }
        if !self.rev.is_empty() {
            let mut tree = self.rev.clone();
            tree.push("^{tree}");
            let words = [
                "rev-parse".into(),
                "--verify".into(),
                "--quiet".into(),
                tree,
            ];
            if !call(&words).answer()?.status.success() {
                let error = CommandError::user(format!("git knows no revision `{rev}`"));
                return Ok(if is_shallow()? {
                    error.hint("this clone is shallow: `git fetch --unshallow`, or `fetch-depth: 0` of actions/checkout, gets the rest")
                } else {
                    error.hint("a branch that was not fetched is `origin/NAME`, after `git fetch`")
                });
            }
        }
        let error = CommandError::user(format!("there is no `{}`: {}", self.place(), said(answer)));
        let is_relative = self.path.starts_with("./") || self.path.starts_with("../");
        Ok(if is_relative {
            error
        } else {
            error.hint("a path counts from the root of the repository; `./PATH` from here")
        })
    }
}

fn call(words: &[OsString]) -> Call<'static> {
    Call::of_this_machine("git", words).within(LIMIT)
}

fn is_shallow() -> Result<bool, CommandError> {
    let words = ["rev-parse".into(), "--is-shallow-repository".into()];
    let answer = call(&words).text()?;
    Ok(answer.trim() == "true")
}

/// What git said first.
fn said(answer: &Answer) -> &str {
    let mut lines = answer.stderr.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty());
    first
        .unwrap_or("git does not say why")
        .trim_start_matches("fatal: ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let place = |word: &str| GitFile::parse(Path::new(word)).map(|file| file.place());
        assert_eq!(
            place("git:main:a/b.json").as_deref(),
            Some("a/b.json at main")
        );
        assert_eq!(place("git:v1:./c:d").as_deref(), Some("./c:d at v1"));
        assert_eq!(place("git::a").as_deref(), Some("a in the index"));
        for word in [
            "git:main",
            "git:main:",
            "a.json",
            "-",
            "docker-default",
            "./git:a:b",
        ] {
            assert_eq!(place(word), None, "{word}");
        }
    }
}
