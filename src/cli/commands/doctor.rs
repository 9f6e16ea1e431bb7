use std::path::PathBuf;

use crate::cli::args::Format;
use crate::cli::doctor::{self, Answer};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;
use crate::cli::{output, render};

/// Show what can be recorded and verified here, and what is missing
///
/// Every way is tried where that does no harm: a program that does nothing is recorded with
/// ptrace, with notifications and with eBPF, is attached to and runs under a profile; Docker and
/// Podman are asked. Nothing is changed, and nothing takes longer than 10 seconds.
///
/// Exits with 4 if nothing can be recorded, or if a way that `--require` names does not work.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve doctor
  callsieve doctor --require ptrace,verify
  callsieve doctor -f json -o doctor.json")]
pub(crate) struct DoctorArgs {
    /// Exit with 4 unless these ways work (repeatable, or separated by commas)
    #[arg(long, value_name = "WAY", value_delimiter = ',', value_parser = doctor::NAMES)]
    require: Vec<String>,
    /// How to print
    #[arg(short, long, default_value = "text", value_name = "FORMAT")]
    format: Format,
    /// Write the result to this file; without it, to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Be the program that is recorded for a trial
    #[arg(long, hide = true, exclusive = true)]
    guest: bool,
}

/// Runs the command.
pub(crate) fn run(args: &DoctorArgs, ui: &Ui) -> Result<Exit, CommandError> {
    if args.guest {
        doctor::guest();
        return Ok(Exit::Done);
    }
    if let Some(path) = &args.output {
        output::check(path)?;
    }
    let found = doctor::examine();
    let text = match args.format {
        Format::Text => render::doctor::text(&found, ui.page(args.output.as_deref())),
        Format::Json => render::doctor::json(&found),
    };
    output::write(args.output.as_deref(), &text, ui)?;
    let works = |name: &String| {
        let check = found.check(name);
        check.is_some_and(|check| check.answer != Answer::No)
    };
    Ok(if found.records() && args.require.iter().all(works) {
        Exit::Done
    } else {
        Exit::NotPermitted
    })
}
