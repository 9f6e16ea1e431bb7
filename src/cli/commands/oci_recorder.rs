use std::path::PathBuf;

use crate::cli::commands::record::label;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::hook::{self, Job};

/// What `record --oci-hook` starts: records one container from before its program to its end
#[derive(Debug, clap::Args)]
pub(crate) struct OciRecorderArgs {
    /// Where recordings go
    #[arg(long, value_name = "FOLDER")]
    folder: PathBuf,
    /// Have this written in the recording (repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    label: Vec<(String, String)>,
}

/// Runs the command.
pub(crate) fn run(args: &OciRecorderArgs) -> Result<Exit, CommandError> {
    hook::record(&Job {
        folder: args.folder.clone(),
        labels: args.label.iter().cloned().collect(),
    })
}
