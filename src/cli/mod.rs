//! Commands. Only the library's public API is used from here.

mod args;
mod ask;
mod build_args;
mod causes;
mod commands;
mod contained;
mod container;
mod containers;
mod doctor;
mod engine;
mod engine_command;
mod env;
mod error;
mod exit;
mod explanation;
mod host;
mod input;
mod known;
mod local_runtime;
mod operand;
mod output;
mod render;
mod repair;
mod runtime_args;
mod static_binary;
mod target_args;
mod trial;
mod ui;
mod under;
mod usage;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

pub(crate) use env::Env;

use args::{Args, Command};
use ui::Ui;

/// Parses arguments and runs the command they name.
pub(crate) fn run(argv: impl IntoIterator<Item = OsString>, env: Env) -> ExitCode {
    let argv: Vec<OsString> = argv.into_iter().collect();
    let args = match Args::try_parse_from(&argv) {
        Ok(args) => args,
        Err(error) => return usage::failure(&argv, &error).into(),
    };
    let ui = Ui::new(&args.global, env);
    let result = match args.command {
        Command::Record(args) => commands::record::run(&args, &ui),
        Command::Verify(args) => commands::verify::run(&args, &ui),
        Command::Docker(args) => commands::docker::run(&args, &ui),
        Command::Podman(args) => commands::podman::run(&args, &ui),
        Command::Import(args) => commands::import::run(&args, &ui),
        Command::Merge(args) => commands::merge::run(&args, &ui),
        Command::List(args) => commands::list::run(&args, &ui),
        Command::Generate(args) => commands::generate::run(&args, &ui),
        Command::Diff(args) => commands::diff::run(&args, &ui),
        Command::Check(args) => commands::check::run(&args, &ui),
        Command::Explain(args) => commands::explain::run(&args, &ui),
        Command::Export(args) => commands::export::run(&args, &ui),
        Command::Inspect(args) => commands::inspect::run(&args, &ui),
        Command::Lint(args) => commands::lint::run(&args, &ui),
        Command::Doctor(args) => commands::doctor::run(&args, &ui),
        Command::Floor(args) => commands::floor::run(&args, &ui),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            ui.error(&error);
            error.exit().into()
        }
    }
}
