use std::path::PathBuf;

use callsieve::arch::Arch;
use callsieve::formats;
use callsieve::profile::recover::union;
use callsieve::recording;

use crate::cli::engine::EngineArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::host::HostArgs;
use crate::cli::operand::{self, Operand};
use crate::cli::ui::Ui;
use crate::cli::{input, output, render};

/// Put recordings, or profiles, together
///
/// A run that comes twice counts once, so the order does not matter and merging again changes
/// nothing. Traces are taken as well. With `--profiles` the result is the profile that permits what
/// any of them does, and no more.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve merge monday.rec.json tuesday.rec.json -o week.rec.json
  callsieve merge --profiles web.json worker.json -o both.json")]
pub(crate) struct MergeArgs {
    /// Recordings or traces, or profiles with `--profiles`; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// Put profiles together
    #[arg(long)]
    profiles: bool,
    /// Write the result to this file; without it, to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The architecture of logs that don't tell it themselves
    #[arg(long, value_name = "ARCH")]
    arch: Option<Arch>,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    host: HostArgs,
}

/// Runs the command.
pub(crate) fn run(args: &MergeArgs, ui: &Ui) -> Result<Exit, CommandError> {
    if args.profiles {
        return profiles(args, ui);
    }
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

fn profiles(args: &MergeArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let mut operands = Vec::new();
    for path in &args.inputs {
        let word = path
            .to_str()
            .ok_or_else(|| CommandError::user(format!("`{}` is not UTF-8", path.display())))?;
        operands.push(Operand::read(word, args.arch, ui)?);
    }
    let all: Vec<&Operand> = operands.iter().collect();
    let native = operand::native(args.arch, &all, "no profile tells its architecture")?;
    let view = args.engine.view(native);
    let host = args.host.host(native)?;
    let profiles: Vec<_> = operands.iter().map(|it| it.resolve(view, &host)).collect();
    let union = union(&profiles, &view).map_err(|error| CommandError::input("", &error))?;
    let text = formats::docker::write(&union);
    output::write(args.output.as_deref(), &text, ui)?;
    ui.note(&render::counted(profiles.len() as u64, "profiles"));
    Ok(Exit::Done)
}
