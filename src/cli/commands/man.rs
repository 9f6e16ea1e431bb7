use std::path::PathBuf;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::help;
use crate::cli::output;
use crate::cli::render::{manual, reference};
use crate::cli::ui::Ui;

/// Write a manual page for every command
///
/// The pages are of section 1: callsieve.1, callsieve-record.1 and so on. Read one with
/// `man ./callsieve.1`, or put them into a folder `man1` of what `manpath` prints.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve man .
  callsieve man /usr/local/share/man/man1")]
pub(crate) struct ManArgs {
    /// The folder for the pages; it is made if it is missing
    #[arg(value_name = "FOLDER", required_unless_present = "reference")]
    folder: Option<PathBuf>,
    /// Print one text in Markdown with everything instead
    #[arg(long, hide = true, conflicts_with = "folder")]
    reference: bool,
}

/// Runs the command.
pub(crate) fn run(args: &ManArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let command = help::command();
    let Some(folder) = &args.folder else {
        ui.result(&reference::markdown(command))?;
        return Ok(Exit::Done);
    };
    std::fs::create_dir_all(folder)
        .map_err(|error| CommandError::write(&format!("to `{}`", folder.display()), &error))?;
    for page in manual::pages(command) {
        output::write(Some(&folder.join(page.name)), &page.text, ui)?;
    }
    Ok(Exit::Done)
}
