use crate::cli::contained::{self, ContainedArgs};
use crate::cli::engine_command::Kind;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

/// Run a Podman container and record its program's system calls
///
/// Takes the words of `podman run`, and does with them what `callsieve docker` does with those of
/// `docker run`.
///
/// Exits as `podman run` does: with the program's status, or 125, 126 or 127; with 3 if it
/// succeeded and the recording is incomplete, with 4 if Podman can't be asked.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "callsieve podman [OPTIONS] -- run [PODMAN OPTIONS] IMAGE [COMMAND]...",
    after_help = "\
Examples:
  callsieve podman -o web.rec.json -- run --rm -p 8080:80 nginx
  callsieve podman -- --cgroup-manager cgroupfs run web:1.4"
)]
pub(crate) struct PodmanArgs {
    #[command(flatten)]
    args: ContainedArgs,
}

/// Runs the command.
pub(crate) fn run(args: &PodmanArgs, ui: &Ui) -> Result<Exit, CommandError> {
    contained::run(Kind::Podman, &args.args, ui)
}
