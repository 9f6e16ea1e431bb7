//! Errors as a user sees them: one line, perhaps a hint, and an exit code.

use std::error::Error;
use std::fmt;
use std::io;

use super::exit::Exit;

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct CommandError {
    message: String,
    hints: Vec<String>,
    exit: Exit,
    broken_pipe: bool,
}

impl CommandError {
    /// Wrong usage or input.
    pub(crate) fn user(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hints: Vec::new(),
            exit: Exit::Usage,
            broken_pipe: false,
        }
    }

    /// Wrong input, told by an error of the library.
    pub(crate) fn input(place: &str, error: &dyn Error) -> Self {
        let place = if place.is_empty() {
            String::new()
        } else {
            format!("{place}: ")
        };
        Self::user(format!("{place}{}", chain(error)))
    }

    /// What was observed is incomplete.
    pub(crate) fn incomplete(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Incomplete,
            ..Self::user(message)
        }
    }

    /// A result can't be written.
    pub(crate) fn write(place: &str, error: &io::Error) -> Self {
        Self {
            broken_pipe: error.kind() == io::ErrorKind::BrokenPipe,
            ..Self::user(format!("can't write {place}: {error}"))
        }
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The exit code.
    pub(crate) const fn exit(&self) -> Exit {
        self.exit
    }

    /// What to do about it.
    pub(crate) fn hints(&self) -> &[String] {
        &self.hints
    }

    /// Whoever read the output has gone, which is no failure of ours.
    pub(crate) const fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// An error and its sources in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
