use std::path::PathBuf;

use callsieve::arch::Arch;
use callsieve::ingest::Format;
use callsieve::recording;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::input::Reading;
use crate::cli::ui::Ui;
use crate::cli::{input, output, render};

/// Make a recording of traces
///
/// A trace is what strace prints, with whatever options, or another tool's log (`--from` lists
/// them), perhaps compressed (gzip, zstd, xz). The files of an `strace -ff` set are one run; a
/// directory stands for its files. A recording that is given is taken in as it is.
///
/// Exits with 3 if the recording is incomplete; it is written all the same and says why.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve import nginx.strace -o nginx.rec.json
  callsieve import trace.* -o postgres.rec.json
  callsieve import /var/log/audit/audit.log -o complain.rec.json
  callsieve import --explain-lines unknown.log
  strace -f -n -o /dev/stdout ls | callsieve import - --arch x86_64")]
pub(crate) struct ImportArgs {
    /// Traces, the files of an `-ff` set, directories, recordings; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// Write the recording to this file; without it, to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The architecture of logs that don't tell it themselves
    #[arg(long, value_name = "ARCH")]
    arch: Option<Arch>,
    /// The format of the traces; without it, their content tells
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    from: Option<Format>,
    /// Read a trace that grows, until Ctrl-C, and make the recording then
    #[arg(long)]
    follow: bool,
    /// Use so many threads; without it, as many as there are processors
    #[arg(long, value_name = "NUMBER")]
    threads: Option<usize>,
    /// Print for each shape of line what was made of it, and no recording
    #[arg(long)]
    explain_lines: bool,
}

/// The names of the formats, each with what it is.
fn formats() -> impl TypedValueParser<Value = Format> {
    let values = Format::all().map(|format| PossibleValue::new(format.name()).help(format.about()));
    PossibleValuesParser::new(values).try_map(|name| name.parse::<Format>())
}

/// Runs the command.
pub(crate) fn run(args: &ImportArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let usual = Reading::of(args.arch);
    let reading = Reading {
        from: args.from,
        follow: args.follow,
        threads: args.threads.unwrap_or(usual.threads),
        ..usual
    };
    if args.explain_lines {
        return explain(args, reading, ui);
    }
    let recording = input::recordings(&args.inputs, reading, ui)?;
    let text = render::printable(recording::write(&recording));
    output::write(args.output.as_deref(), &text, ui)?;
    let file = args.output.as_deref();
    let file = file.filter(|path| !output::is_stdout(Some(path)));
    render::warn_of_losses(&recording, ui);
    let told = render::imported::summary(&recording, file, ui.page_aside());
    ui.note(told.trim_end());
    let incomplete = recording.gaps().next().is_some();
    Ok(if incomplete {
        Exit::Incomplete
    } else {
        Exit::Done
    })
}

fn explain(args: &ImportArgs, reading: Reading, ui: &Ui) -> Result<Exit, CommandError> {
    let explained = input::explained(&args.inputs, reading, ui)?;
    let text: String = explained.iter().map(render::lines::text).collect();
    output::write(args.output.as_deref(), &text, ui)?;
    let mut failed = explained.into_iter().filter_map(|one| one.failed);
    match failed.next() {
        Some(error) => Err(error),
        None => Ok(Exit::Done),
    }
}
