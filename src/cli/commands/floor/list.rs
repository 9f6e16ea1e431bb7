use callsieve::profile::floor::{self, Runtime};

use crate::cli::args::Format;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;
use crate::cli::{output, render};

/// Print the table of what was measured
///
/// By runtime, versions, what it does (start a container, exec a program in one, be its init) and
/// no-new-privileges. Required: nothing starts without; observed: it is called; flaky: timing
/// decides whether it is called; tried: the runtime does without, and no profile allows it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve floor list
  callsieve floor list --runtime runc -f json")]
pub(crate) struct ListArgs {
    /// Only this one
    #[arg(long, value_name = "RUNTIME")]
    runtime: Option<RuntimeArg>,
    /// How to print
    #[arg(short, long, default_value = "text", value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum RuntimeArg {
    Runc,
    Crun,
    Youki,
    DockerInit,
}

/// Runs the command.
pub(crate) fn run(args: &ListArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let only = args.runtime.map(|runtime| match runtime {
        RuntimeArg::Runc => Runtime::Runc,
        RuntimeArg::Crun => Runtime::Crun,
        RuntimeArg::Youki => Runtime::Youki,
        RuntimeArg::DockerInit => Runtime::DockerInit,
    });
    let rows = floor::rows()
        .iter()
        .filter(|row| only.is_none_or(|only| row.runtime == only));
    let text = match args.format {
        Format::Text => ui.page(None).wrapped(&render::floor::text(rows)),
        Format::Json => render::floor::json(rows),
    };
    output::write(None, &text, ui)?;
    Ok(Exit::Done)
}
