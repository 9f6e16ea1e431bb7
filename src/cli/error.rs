//! Errors as a user sees them: one line, perhaps a hint, and an exit code.

use std::error::Error;
use std::fmt;
use std::io;

use super::exit::Exit;
use super::render::safe;

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct CommandError {
    message: String,
    hints: Vec<String>,
    exit: Exit,
}

impl CommandError {
    /// Wrong usage or input. The message may quote what a file or the user says.
    pub(crate) fn user(message: impl AsRef<str>) -> Self {
        Self {
            message: safe(message.as_ref()),
            hints: Vec::new(),
            exit: Exit::Usage,
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
    pub(crate) fn incomplete(message: impl AsRef<str>) -> Self {
        Self {
            exit: Exit::Incomplete,
            ..Self::user(message)
        }
    }

    /// With another code.
    pub(crate) const fn exits(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// A result can't be written.
    pub(crate) fn write(place: &str, error: &io::Error) -> Self {
        Self::user(format!("can't write {place}: {error}"))
    }

    /// The same, where this machine or account can't do it.
    pub(crate) const fn unable(mut self) -> Self {
        self.exit = Exit::NotPermitted;
        self
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl AsRef<str>) -> Self {
        self.hints.push(safe(hint.as_ref()));
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
