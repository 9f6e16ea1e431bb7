//! What is taken from the environment, read once.

use std::ffi::OsString;
use std::io::IsTerminal as _;

/// The process's surroundings.
#[derive(Debug, Clone)]
pub(crate) struct Env {
    /// Where programs are looked for.
    pub(crate) search_path: Option<OsString>,
    /// Somebody may answer what the program asks.
    pub(crate) stdin_is_terminal: bool,
    /// Standard error is a terminal, so progress can be shown on it.
    pub(crate) stderr_is_terminal: bool,
}

impl Env {
    /// Those of this process. Colour variables (`NO_COLOR`, `CLICOLOR_FORCE`, `TERM`) are anstream's
    /// to read.
    pub(crate) fn from_process() -> Self {
        Self {
            search_path: search_path(),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the environment is read"
)]
fn search_path() -> Option<OsString> {
    std::env::var_os("PATH")
}
