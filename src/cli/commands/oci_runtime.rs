use std::ffi::OsString;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::runtime_wrapper;
use crate::cli::ui::Ui;

/// Be a container runtime: another one with the recording hook in every container that it makes
///
/// This is what `callsieve setup docker` puts into daemon.json, since Docker has no hooks. All
/// words after `--` go to the runtime as they are.
#[derive(Debug, clap::Args)]
pub(crate) struct OciRuntimeArgs {
    /// The runtime that does the work: its file, or its name in PATH
    #[arg(long, value_name = "FILE", default_value = "runc")]
    runtime: OsString,
    /// The hook writes recordings to this folder
    #[arg(long, value_name = "FOLDER")]
    output: Option<OsString>,
    /// The hook writes this into recordings (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    label: Vec<OsString>,
    /// What the runtime is called with
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<OsString>,
}

/// Runs the command.
pub(crate) fn run(args: &OciRuntimeArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let mut hook = Vec::new();
    if let Some(folder) = &args.output {
        hook.extend([OsString::from("-o"), folder.clone()]);
    }
    for label in &args.label {
        hook.extend([OsString::from("--label"), label.clone()]);
    }
    runtime_wrapper::run(&args.runtime, &args.arguments, &hook, ui)
}
