use std::path::PathBuf;

use callsieve::arch::Arch;
use callsieve::recording;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;
use crate::cli::{input, output, render};

/// Put recordings together
///
/// A run that comes twice counts once, so the order does not matter and merging again changes
/// nothing. Traces are taken as well.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve merge monday.rec.json tuesday.rec.json -o week.rec.json")]
pub(crate) struct MergeArgs {
    /// Recordings or traces; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// Write the recording to this file; without it, to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The architecture of logs that don't tell it themselves
    #[arg(long, value_name = "ARCH")]
    arch: Option<Arch>,
}

/// Runs the command.
pub(crate) fn run(args: &MergeArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let recording = input::recordings(&args.inputs, input::Reading::of(args.arch), ui)?;
    let text = render::printable(recording::write(&recording));
    output::write(args.output.as_deref(), &text, ui)?;
    let calls: usize = recording
        .totals()
        .values()
        .map(std::collections::BTreeMap::len)
        .sum();
    ui.note(&format!(
        "{}, {}",
        render::counted(recording.runs().len() as u64, "runs"),
        render::counted(calls as u64, "kinds of calls")
    ));
    render::warn_of_losses(&recording, ui);
    Ok(Exit::Done)
}
