use crate::cli::contained::{self, ContainedArgs};
use crate::cli::engine_command::Kind;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

/// Run a Docker container and record its program's system calls
///
/// Takes the words of `docker run`. The container is made as it says, with the recorder in front
/// of the program: no privileges are needed, the image needs no shell, and its user, capabilities
/// and file systems are as ever. It is removed when it has ended. Health checks are run and
/// recorded too; what others run in it with `docker exec` is not seen.
///
/// Exits as `docker run` does: with the program's status, or 125, 126 or 127; with 3 if it
/// succeeded and the recording is incomplete, with 4 if Docker can't be asked.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "callsieve docker [OPTIONS] -- run [DOCKER OPTIONS] IMAGE [COMMAND]...",
    after_help = "\
Examples:
  callsieve docker -o web.rec.json -- run --rm -p 8080:80 nginx
  callsieve docker --probe 'wget -q -O- http://127.0.0.1/' -- run --rm web
  callsieve docker --duration 5m -- --context staging run web:1.4"
)]
pub(crate) struct DockerArgs {
    #[command(flatten)]
    args: ContainedArgs,
}

/// Runs the command.
pub(crate) fn run(args: &DockerArgs, ui: &Ui) -> Result<Exit, CommandError> {
    contained::run(Kind::Docker, &args.args, ui)
}
