//! Commands. Only the library's public API is used from here.

mod args;
mod commands;
mod env;
mod error;
mod exit;
mod host;
mod input;
mod operand;
mod output;
mod render;
mod ui;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

pub(crate) use env::Env;

use args::{Args, Command};
use exit::Exit;
use ui::Ui;

/// Parses arguments and runs the command they name.
pub(crate) fn run(argv: impl IntoIterator<Item = OsString>, env: &Env) -> ExitCode {
    let args = match Args::try_parse_from(argv) {
        Ok(args) => args,
        Err(error) => return parse_failure(&error),
    };
    let mut ui = Ui::new(&args.global, env);
    let result = match args.command {
        Command::Import(args) => commands::import::run(&args, &mut ui),
        Command::Merge(args) => commands::merge::run(&args, &mut ui),
        Command::List(args) => commands::list::run(&args, &mut ui),
        Command::Generate(args) => commands::generate::run(&args, &mut ui),
        Command::Diff(args) => commands::diff::run(&args, &mut ui),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) if error.is_broken_pipe() => Exit::Done.into(),
        Err(error) => {
            let exit = error.exit();
            ui.error(&error);
            exit.into()
        }
    }
}

/// Help and version are answers; anything else is a wrong call.
fn parse_failure(error: &clap::Error) -> ExitCode {
    let exit = if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Done
    };
    // Nothing is left to tell it to if the stream is closed.
    drop(error.print());
    exit.into()
}
