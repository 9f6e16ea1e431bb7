mod container;
mod local;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::record::duration;
use crate::cli::args::ReviewFormat;
use crate::cli::engine::EngineArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::host::HostArgs;
use crate::cli::repair::RepairArgs;
use crate::cli::trial::TrialArgs;
use crate::cli::ui::Ui;

/// Run a command under a profile and report every refused call
///
/// The command runs as it would under the filter that the engine makes of the profile: refused
/// calls fail, send SIGSYS or kill as the profile says, in everything that it starts too. Its
/// input, output and signals are its own. The report comes when all of it has ended, on standard
/// error, or where `-o` says. ENOSYS for calls such as clone3, on which callers fall back, is
/// what profiles are made to answer; it is listed and is no failure.
///
/// With `--image` a container is tried instead, by the engine's own command and with the engine's
/// own loading of the profile: start, health check and probes inside, load from outside, stop.
/// An engine's words are translated, and calls of the runtime that the profile lacks are named. A
/// second container, with callsieve inside, shows what is refused and survived.
///
/// Exits with 0 if nothing was refused, whatever the command's own status, which is printed; with
/// 1 if something was, with 3 if not all of it could be seen, with 4 if it is not permitted here,
/// with 126 or 127 if the command can't be started, with 125 if callsieve fails.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "callsieve verify [OPTIONS] PROFILE [--] COMMAND [ARG]...\n       callsieve verify [OPTIONS] PROFILE --image IMAGE [--] [ARG]...",
    after_help = "\
Examples:
  callsieve verify web.json -- nginx -g 'daemon off;'
  callsieve verify --mode log docker-default -- ./server --once
  callsieve verify -f json -o report.json web.json -- make test
  callsieve verify web.json --image web --probe 'wget -q -O- http://127.0.0.1/'
  callsieve verify web.json --image web:1.4 --repair web.rec.json"
)]
pub(crate) struct VerifyArgs {
    /// The profile, or whatever else `diff` takes
    #[arg(value_name = "PROFILE")]
    profile: String,
    /// The command and its arguments
    #[arg(
        value_name = "COMMAND",
        trailing_var_arg = true,
        required_unless_present = "image"
    )]
    command: Vec<OsString>,
    /// What becomes of calls that the profile refuses
    #[arg(long, value_name = "MODE", default_value = "enforce")]
    mode: ModeArg,
    /// Write the report to this file, or to standard output for `-`; without it, to standard error
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How to print
    #[arg(short, long, default_value = "text", value_name = "FORMAT")]
    format: ReviewFormat,
    /// Write nothing where nothing was refused, but for JSON and SARIF
    #[arg(long)]
    skip_no_diff: bool,
    /// Ask the command to end after this time, as 90s, 5m or 1h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    host: HostArgs,
    #[command(flatten)]
    trial: TrialArgs,
    #[command(flatten)]
    repair: RepairArgs,
}

/// What becomes of refused calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ModeArg {
    /// They are refused as the profile says
    Enforce,
    /// They go on and are reported: shows all of them in one run, and no fallbacks
    Log,
}

/// Runs the command.
pub(crate) fn run(args: &VerifyArgs, ui: &Ui) -> Result<Exit, CommandError> {
    if args.profile == "-" {
        return Err(CommandError::user(
            "standard input is the command's; name the profile by its file",
        ));
    }
    if args.trial.is_asked() {
        return container::run(args, ui);
    }
    local::run(args, ui)
}
