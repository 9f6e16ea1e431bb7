use std::path::{Path, PathBuf};

use callsieve::record::backend::Host;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::setup::{self, Docker, Entry, Podman, Setting, What};
use crate::cli::ui::Ui;

/// Have Docker or Podman record containers from the very start
///
/// Prints the file with the entry that makes the engine call `callsieve record --oci-hook` for
/// containers that ask for it: with `docker run --runtime callsieve`, or with `podman run
/// --annotation callsieve.record=yes` (CRI-O: an annotation of the pod). Recordings are in
/// /var/lib/callsieve/recordings when a container is over.
///
/// Exits with 0 if it is done or was before, with 2 if the file is not understood and left as it
/// is, with 4 if it may not be written.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve setup docker
  sudo callsieve setup docker --apply
  sudo callsieve setup podman --apply
  sudo callsieve setup docker --undo")]
pub(crate) struct SetupArgs {
    /// The engine
    engine: EngineArg,
    /// Write the file; what it was is kept beside it, as FILE.before-callsieve
    #[arg(long)]
    apply: bool,
    /// Take the entry out of the file again
    #[arg(long, conflicts_with_all = ["apply", "all", "output", "runtime"])]
    undo: bool,
    /// Record every container, whether it asks for it or not
    #[arg(long)]
    all: bool,
    /// Write recordings to this folder
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Docker: the runtime that does the work [default: runc]
    #[arg(long, value_name = "FILE")]
    runtime: Option<PathBuf>,
    /// The engine's file [default: /etc/docker/daemon.json or
    /// /etc/containers/oci/hooks.d/callsieve.json]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// The engines that can be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum EngineArg {
    Docker,
    Podman,
}

/// Runs the command.
pub(crate) fn run(args: &SetupArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let what = match (args.apply, args.undo) {
        (true, _) => What::Apply,
        (_, true) => What::Undo,
        _ => What::Print,
    };
    let program = std::env::current_exe()
        .map_err(|error| CommandError::user(format!("can't find this program's file: {error}")))?;
    let output = args.output.as_deref().map(absolute).transpose()?;
    let entry = Entry {
        program,
        output,
        all: args.all,
    };
    if what == What::Apply {
        entry.check()?;
        if !Host::of_this_process().takes_programs() {
            ui.warn("this machine takes no eBPF programs as it is, so containers will start and not be recorded; `callsieve doctor` says why");
        }
    }
    let file = |usual: &str| args.file.clone().unwrap_or_else(|| PathBuf::from(usual));
    let setting: Box<dyn Setting> = match args.engine {
        EngineArg::Docker => Box::new(Docker::new(
            file("/etc/docker/daemon.json"),
            entry,
            args.runtime.clone(),
        )),
        EngineArg::Podman if args.runtime.is_some() => {
            return Err(CommandError::user(
                "Podman's hooks work with every runtime; `--runtime` is for Docker",
            ));
        }
        EngineArg::Podman => Box::new(Podman::new(
            file("/etc/containers/oci/hooks.d/callsieve.json"),
            entry,
        )),
    };
    setup::run(setting.as_ref(), what, ui)
}

fn absolute(folder: &Path) -> Result<PathBuf, CommandError> {
    std::path::absolute(folder)
        .map_err(|error| CommandError::user(format!("`{}`: {error}", folder.display())))
}
