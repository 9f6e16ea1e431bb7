use std::path::PathBuf;

use callsieve::arch::Arch;
use callsieve::recording;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;
use crate::cli::{input, output, render};

/// Make a recording of traces
///
/// A trace is what strace prints, with whatever options, perhaps compressed (gzip, zstd). The
/// files of an `strace -ff` set are one run. A recording that is given is taken in as it is.
///
/// Exits with 3 if the recording is incomplete; it is written all the same and says why.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve import nginx.strace -o nginx.rec.json
  callsieve import trace.* -o postgres.rec.json
  strace -f -n -o /dev/stdout ls | callsieve import - --arch x86_64")]
pub(crate) struct ImportArgs {
    /// Traces, the files of an `-ff` set, recordings; `-` is standard input
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
pub(crate) fn run(args: &ImportArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let recording = input::recordings(&args.inputs, args.arch, ui)?;
    let text = render::printable(recording::write(&recording));
    output::write(args.output.as_deref(), &text, ui)?;
    for (_, run) in recording.runs() {
        ui.note(&render::run_summary(run));
    }
    render::warn_of_losses(&recording, ui);
    let incomplete = recording.gaps().next().is_some();
    Ok(if incomplete {
        Exit::Incomplete
    } else {
        Exit::Done
    })
}
