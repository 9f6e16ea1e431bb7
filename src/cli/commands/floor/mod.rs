//! The calls that runtimes make before a program starts.

mod bundle;
mod list;
mod measure;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

/// Show what container runtimes call before a program starts
///
/// A runtime loads the filter and goes on to start the program, under the filter. These calls are
/// in the profiles of `generate` by default.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve floor list --runtime runc
  callsieve floor measure --runtime crun")]
pub(crate) struct FloorArgs {
    #[command(subcommand)]
    command: FloorCommand,
}

#[derive(Debug, clap::Subcommand)]
enum FloorCommand {
    List(list::ListArgs),
    Measure(measure::MeasureArgs),
}

/// Runs the command.
pub(crate) fn run(args: &FloorArgs, ui: &Ui) -> Result<Exit, CommandError> {
    match &args.command {
        FloorCommand::List(args) => list::run(args, ui),
        FloorCommand::Measure(args) => measure::run(args, ui),
    }
}
