//! What is taken from the environment, read once.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::time::SystemTime;

/// The process's surroundings.
#[derive(Debug, Clone)]
pub(crate) struct Env {
    /// Where programs are looked for.
    pub(crate) search_path: Option<OsString>,
    /// The configuration file, `CALLSIEVE_CONFIG`.
    pub(crate) config: Option<OsString>,
    /// What is to be taken for now, in seconds since 1970, `SOURCE_DATE_EPOCH`.
    pub(crate) source_date: Option<OsString>,
    /// Now, in seconds since 1970.
    pub(crate) now: u64,
    /// Colour is wanted on what is no terminal, too: `FORCE_COLOR`, unless `NO_COLOR` says no.
    pub(crate) force_color: bool,
    /// Somebody may answer what the program asks.
    pub(crate) stdin_is_terminal: bool,
    /// Standard error is a terminal, so progress can be shown on it.
    pub(crate) stderr_is_terminal: bool,
}

impl Env {
    /// Those of this process. Other variables of colours (`NO_COLOR`, `CLICOLOR_FORCE`, `TERM`) are
    /// anstream's to read.
    pub(crate) fn from_process() -> Self {
        Self {
            search_path: variable("PATH"),
            config: variable("CALLSIEVE_CONFIG").filter(|it| !it.is_empty()),
            source_date: variable("SOURCE_DATE_EPOCH"),
            now: now(),
            force_color: is_set("FORCE_COLOR") && !is_set("NO_COLOR"),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
        }
    }
}

/// Whether a variable says yes: it is neither empty nor 0.
fn is_set(name: &str) -> bool {
    variable(name).is_some_and(|value| !value.is_empty() && value != "0")
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the environment is read"
)]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the clock is read, for whether an exception has expired"
)]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
