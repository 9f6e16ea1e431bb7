use std::collections::BTreeMap;
use std::path::PathBuf;

use callsieve::arch::Arch;

use crate::cli::args::Format;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;
use crate::cli::{input, output, render};

/// Print the system calls of traces and recordings
///
/// One `ARCH NAME` a line, sorted. A number without a name is printed as #NUMBER.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve list nginx.strace
  callsieve list -f json *.rec.json")]
pub(crate) struct ListArgs {
    /// Traces, the files of an `-ff` set, recordings; `-` is standard input
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Write to this file; without it, to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How to print: `json` maps architectures to names to numbers of calls
    #[arg(short, long, default_value = "text", value_name = "FORMAT")]
    format: Format,
    /// The architecture of logs that don't tell it themselves
    #[arg(long, value_name = "ARCH")]
    arch: Option<Arch>,
}

/// Runs the command.
pub(crate) fn run(args: &ListArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let recording = input::recordings(&args.inputs, input::Reading::of(args.arch), ui)?;
    let totals = recording.totals();
    let text = match args.format {
        Format::Text => {
            let lines = totals
                .iter()
                .flat_map(|(arch, calls)| calls.keys().map(move |call| format!("{arch} {call}\n")));
            // Names sort before numbers; in text, all sort as text.
            let mut lines: Vec<String> = lines.collect();
            lines.sort();
            lines.concat()
        }
        Format::Json => {
            let map: BTreeMap<&str, BTreeMap<String, u64>> = totals
                .iter()
                .map(|(arch, calls)| {
                    let calls = calls.iter().map(|(c, total)| (c.to_string(), total.calls));
                    (arch.name(), calls.collect())
                })
                .collect();
            render::json(&map)
        }
    };
    output::write(args.output.as_deref(), &text, ui)?;
    render::warn_of_losses(&recording, ui);
    Ok(Exit::Done)
}
