use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::help;
use crate::cli::ui::Ui;

/// Print what a shell needs to complete commands and options
///
/// Source it, or put it where the shell looks for completions.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve completions bash > callsieve.bash
  callsieve completions zsh > _callsieve
  callsieve completions fish > callsieve.fish
  source <(callsieve completions bash)")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Shells whose completions are tested.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Shell {
    Bash,
    Fish,
    Zsh,
}

/// Runs the command.
pub(crate) fn run(args: &CompletionsArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let shell = match args.shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Fish => clap_complete::Shell::Fish,
        Shell::Zsh => clap_complete::Shell::Zsh,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut help::command(), "callsieve", &mut script);
    ui.result(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
