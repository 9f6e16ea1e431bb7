//! Commands. Only the library's public API is used from here.

mod args;
mod ask;
mod build_args;
mod causes;
mod ci;
mod commands;
mod config;
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
mod git;
mod help;
mod hook;
mod host;
mod input;
mod known;
mod local_runtime;
mod observed;
mod operand;
mod output;
mod render;
mod repair;
mod report;
mod review_args;
mod runtime_args;
mod runtime_wrapper;
mod setup;
mod static_binary;
mod target_args;
mod trial;
mod ui;
mod under;
mod usage;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches as _;

pub(crate) use env::Env;

use args::{Args, Command};
use exit::Exit;
use ui::Ui;

/// Parses arguments and runs the command they name.
pub(crate) fn run(argv: impl IntoIterator<Item = OsString>, env: Env) -> ExitCode {
    let argv: Vec<OsString> = argv.into_iter().collect();
    let parsed = help::command().try_get_matches_from(&argv);
    let args = match parsed.and_then(|matches| Args::from_arg_matches(&matches)) {
        Ok(args) => args,
        Err(error) => return answer(&argv, usage::failure(&argv, &error)),
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
        Command::Report(args) => commands::report::run(&args, &ui),
        Command::Export(args) => commands::export::run(&args, &ui),
        Command::Inspect(args) => commands::inspect::run(&args, &ui),
        Command::Ci(args) => commands::ci::run(&args, &ui),
        Command::Lint(args) => commands::lint::run(&args, &ui),
        Command::Completions(args) => commands::completions::run(&args, &ui),
        Command::Man(args) => commands::man::run(&args, &ui),
        Command::Doctor(args) => commands::doctor::run(&args, &ui),
        Command::Floor(args) => commands::floor::run(&args, &ui),
        Command::Setup(args) => commands::setup::run(&args, &ui),
        Command::OciRuntime(args) => commands::oci_runtime::run(&args, &ui),
        Command::OciRecorder(args) => commands::oci_recorder::run(&args),
    };
    let exit = result.unwrap_or_else(|error| {
        ui.error(&error);
        error.exit()
    });
    answer(&argv, exit)
}

/// What a caller gets. A hook that fails would keep a container from starting.
fn answer(argv: &[OsString], exit: Exit) -> ExitCode {
    if hook::is_called(argv) {
        return Exit::Done.into();
    }
    exit.into()
}
