//! What is taken from the environment, read once.

use std::io::IsTerminal as _;

/// The process's surroundings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Env {
    /// Standard error is a terminal, so progress can be shown on it.
    pub(crate) stderr_is_terminal: bool,
}

impl Env {
    /// Those of this process. Colour variables (`NO_COLOR`, `CLICOLOR_FORCE`, `TERM`) are anstream's
    /// to read.
    pub(crate) fn from_process() -> Self {
        Self {
            stderr_is_terminal: std::io::stderr().is_terminal(),
        }
    }
}
