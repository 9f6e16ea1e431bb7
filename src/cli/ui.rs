//! Who may write where: results to standard output, everything else to standard error.

use std::io::{self, IsTerminal as _, Write};

use anstream::ColorChoice;

use super::args::{Color, Global};
use super::env::Env;
use super::error::CommandError;
use super::render::safe;

/// The two streams and how much is said on them.
#[derive(Debug)]
pub(crate) struct Ui {
    color: ColorChoice,
    quiet: bool,
    /// Print what is folded otherwise.
    pub(crate) verbose: bool,
    progress: bool,
    /// What the environment said.
    pub(crate) env: Env,
}

impl Ui {
    /// As the environment says, for what is said before the arguments are known.
    pub(crate) const fn plain() -> Self {
        Self {
            color: ColorChoice::Auto,
            quiet: false,
            verbose: false,
            progress: false,
            env: Env {
                search_path: None,
                stdin_is_terminal: false,
                stderr_is_terminal: false,
            },
        }
    }

    pub(crate) fn new(global: &Global, env: Env) -> Self {
        Self {
            color: match global.color {
                Color::Auto => ColorChoice::Auto,
                Color::Always => ColorChoice::Always,
                Color::Never => ColorChoice::Never,
            },
            quiet: global.quiet,
            verbose: global.verbose,
            progress: env.stderr_is_terminal && !global.quiet && !global.no_progress,
            env,
        }
    }

    /// Whether progress may be shown on standard error.
    pub(crate) const fn shows_progress(&self) -> bool {
        self.progress
    }

    /// Writes a result to standard output. That whoever read it has gone is no failure of ours.
    pub(crate) fn result(&self, text: &str) -> Result<(), CommandError> {
        let out = anstream::AutoStream::new(io::stdout(), self.color).lock();
        finish(out, text.as_bytes())
    }

    /// Writes a result that is no text, and not to a terminal.
    pub(crate) fn raw_result(bytes: &[u8]) -> Result<(), CommandError> {
        if io::stdout().is_terminal() {
            return Err(CommandError::user("binary output is not for a terminal")
                .hint("name a file with `-o`, or have it listed"));
        }
        finish(io::stdout().lock(), bytes)
    }

    /// Writes a result to standard error, where standard output is another program's.
    pub(crate) fn result_aside(&self, text: &str) {
        self.stderr(text);
    }

    /// Tells something about the work; `-q` silences it.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.stderr(&format!("{text}\n"));
        }
    }

    /// Tells something the user should know before trusting the result. `-q` does not silence
    /// it: a loss is never silent.
    pub(crate) fn warn(&self, text: &str) {
        self.stderr(&format!("\x1b[33mwarning:\x1b[0m {}\n", safe(text)));
    }

    /// Tells why a command failed.
    pub(crate) fn error(&self, error: &CommandError) {
        self.stderr(&format!("\x1b[31merror:\x1b[0m {error}\n"));
        for hint in error.hints() {
            self.stderr(&format!("\x1b[36mhint:\x1b[0m {hint}\n"));
        }
    }

    fn stderr(&self, text: &str) {
        let mut err = anstream::AutoStream::new(io::stderr(), self.color).lock();
        // Nothing is left to tell it to if standard error is closed.
        drop(err.write_all(text.as_bytes()));
    }
}

fn finish(mut out: impl Write, bytes: &[u8]) -> Result<(), CommandError> {
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .or_else(|error| {
            if error.kind() == io::ErrorKind::BrokenPipe {
                Ok(())
            } else {
                Err(error)
            }
        })
        .map_err(|error| CommandError::write("to standard output", &error))
}
