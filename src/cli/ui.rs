//! Who may write where: results to standard output, everything else to standard error.

use std::io::{self, IsTerminal as _, Write};
use std::path::Path;

use anstream::ColorChoice;
use terminal_size::{Height, Width};

use super::args::{Color, Global};
use super::env::Env;
use super::error::CommandError;
use super::output;
use super::render::block::Space;
use super::render::safe;
use super::render::wrap::Page;

/// Columns where there is no terminal.
const COLUMNS: u16 = 80;
/// Lines where a terminal does not tell.
const LINES: u16 = 24;
/// On a narrower terminal its own wrapping is no worse.
const NARROWEST: u16 = 40;
/// Longer lines are hard to read.
const WIDEST: u16 = 100;

/// The two streams and how much is said on them.
#[derive(Debug)]
pub(crate) struct Ui {
    color: ColorChoice,
    quiet: bool,
    /// Print what is folded otherwise.
    pub(crate) verbose: bool,
    width: Option<u16>,
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
            width: None,
            progress: false,
            env: Env {
                search_path: None,
                force_color: false,
                config: None,
                source_date: None,
                now: 0,
                stdin_is_terminal: false,
                stderr_is_terminal: false,
            },
        }
    }

    pub(crate) fn new(global: &Global, env: Env) -> Self {
        Self {
            color: match global.color {
                Color::Auto if env.force_color => ColorChoice::Always,
                Color::Auto => ColorChoice::Auto,
                Color::Always => ColorChoice::Always,
                Color::Never => ColorChoice::Never,
            },
            quiet: global.quiet,
            verbose: global.verbose,
            width: global.width,
            progress: env.stderr_is_terminal && !global.quiet && !global.no_progress,
            env,
        }
    }

    /// The page that a result is written for. What goes into a file or a pipe does not depend on
    /// the terminal beside it.
    pub(crate) fn page(&self, output: Option<&Path>) -> Page {
        self.page_on(|| {
            output::is_stdout(output)
                .then(|| terminal_size::terminal_size_of(io::stdout()))
                .flatten()
        })
    }

    /// The page of what is written to standard error.
    pub(crate) fn page_aside(&self) -> Page {
        self.page_on(|| terminal_size::terminal_size_of(io::stderr()))
    }

    /// The size of the terminal on standard error; a usual one if it does not tell.
    pub(crate) fn space_aside() -> Space {
        let told = terminal_size::terminal_size_of(io::stderr());
        let told = told.filter(|(width, height)| width.0 > 0 && height.0 > 0);
        let (width, height) = told.map_or((COLUMNS, LINES), |(width, height)| (width.0, height.0));
        Space {
            width: usize::from(width),
            height: usize::from(height),
        }
    }

    fn page_on(&self, terminal: impl FnOnce() -> Option<(Width, Height)>) -> Page {
        let width = self.width.unwrap_or_else(|| match terminal() {
            // A terminal without a size tells 0.
            Some((Width(width @ 1..), _)) => width.clamp(NARROWEST, WIDEST),
            Some(_) | None => COLUMNS,
        });
        Page {
            width: usize::from(width),
            verbose: self.verbose,
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

    /// Whether a result that goes to standard output is read by a person.
    pub(crate) fn prints_to_terminal() -> bool {
        io::stdout().is_terminal()
    }

    /// Writes a result that is no text, and not to a terminal.
    pub(crate) fn raw_result(bytes: &[u8]) -> Result<(), CommandError> {
        if Self::prints_to_terminal() {
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
