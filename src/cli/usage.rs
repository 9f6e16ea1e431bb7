//! Tells of a wrong call as of any other error: one line and hints.

use std::ffi::OsString;
use std::io::{self, Write as _};

use clap::Parser as _;
use clap::error::ErrorKind;

use super::args::Args;
use super::error::CommandError;
use super::exit::Exit;
use super::render::safe;
use super::ui::Ui;

/// Prints what the parser says. Help and version are answers; anything else is a wrong call.
pub(crate) fn failure(argv: &[OsString], error: &clap::Error) -> Exit {
    let exit = if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Done
    };
    if exit == Exit::Done {
        let printed = error.print().and_then(|()| io::stdout().flush());
        return match printed {
            Err(failed) if failed.kind() != io::ErrorKind::BrokenPipe => {
                Ui::plain().error(&CommandError::write("to standard output", &failed));
                Exit::Usage
            }
            Ok(()) | Err(_) => Exit::Done,
        };
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Nothing is left to tell it to if the stream is closed.
        drop(error.print());
        return exit;
    }
    // The parser quotes arguments as they are. The same ones made safe fail alike; if they do
    // not, the first message has to do.
    let harmless = argv.iter().map(|arg| safe(&arg.to_string_lossy()));
    let text = match Args::try_parse_from(harmless) {
        Err(harmless) => harmless.to_string(),
        Ok(_) => error.to_string(),
    };
    Ui::plain().error(&one_line(&text));
    exit
}

/// The parser's paragraphs as a message and hints.
fn one_line(text: &str) -> CommandError {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let (first, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let (values, message): (Vec<&str>, Vec<&str>) = first
        .lines()
        .map(str::trim)
        .partition(|line| line.starts_with("[possible values"));
    let mut error = CommandError::user(message.join(" "));
    for line in values {
        error = error.hint(line.trim_matches(['[', ']']));
    }
    for line in rest.lines().map(str::trim) {
        if let Some(tip) = line.strip_prefix("tip: ") {
            error = error.hint(tip);
        }
    }
    error.hint("`--help` tells how to call it")
}
