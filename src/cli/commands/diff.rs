use std::path::PathBuf;

use callsieve::arch::Arch;
use callsieve::profile::diff::{Change, Difference, Relation};
use callsieve::profile::{DockerRelease, Host, Profile, View, docker_default};

use crate::cli::args::Format;
use crate::cli::engine::EngineArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::host::HostArgs;
use crate::cli::operand::{self, Operand};
use crate::cli::output;
use crate::cli::render::difference::{self, Heading, Outside};
use crate::cli::ui::Ui;

/// Compare two profiles by what they permit
///
/// OLD and NEW are profiles, recordings, traces, or the default of an engine: `docker-default` of
/// the newest release, `docker-default@25.0.3` of another, `podman-default` (CRI-O's too),
/// `containerd-default`. They are compared by their answers to every call with every argument, on
/// each architecture; how they are written does not matter.
///
/// Exits with 1 if there is what `--fail-on` names, else with 0.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve diff docker-default web.json
  callsieve diff old.json new.json --fail-on wider
  callsieve diff docker-default@20.10.24 docker-default@29.4.3 --cap-add SYS_ADMIN -f json")]
pub(crate) struct DiffArgs {
    /// The profile to start from
    #[arg(value_name = "OLD")]
    old: String,
    /// The profile to judge
    #[arg(value_name = "NEW")]
    new: String,
    /// Write to this file; without it, to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How to print
    #[arg(short, long, default_value = "text", value_name = "FORMAT")]
    format: Format,
    /// What makes the exit code 1
    #[arg(long, value_name = "WHAT", default_value = "none")]
    fail_on: FailOn,
    /// The architecture of the engine; without it, the one that NEW or OLD tells
    #[arg(long, value_name = "ARCH")]
    arch: Option<Arch>,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    host: HostArgs,
}

/// What makes the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// A call gets farther in NEW than in OLD
    Wider,
    /// Any difference in what is answered
    Any,
    /// A call gets farther in NEW than in OLD and than in Docker's default
    OutsideDefault,
    /// Nothing
    None,
}

/// Runs the command.
pub(crate) fn run(args: &DiffArgs, ui: &Ui) -> Result<Exit, CommandError> {
    if args.old == "-" && args.new == "-" {
        return Err(CommandError::user("standard input can be read only once"));
    }
    let old = Operand::read(&args.old, args.arch, ui)?;
    let new = Operand::read(&args.new, args.arch, ui)?;
    let none = "neither profile tells its architecture";
    let native = operand::native(args.arch, &[&new, &old], none)?;
    let host = args.host.host(native)?;
    let view = args.engine.view(native);
    let (old_profile, new_profile) = (old.resolve(view, &host), new.resolve(view, &host));
    let difference = between(&old_profile, &new_profile, view)?;
    let outside = outside(&difference, &new_profile, view, &host)?;
    let heading = Heading {
        old: &old.name,
        new: &new.name,
        native,
        container: &(args.host.describe() + &args.engine.describe()),
    };
    let text = match args.format {
        Format::Text => difference::text(&difference, &heading, Some(&outside), ui.verbose),
        Format::Json => difference::json(&difference, &heading, Some(&outside)),
    };
    output::write(args.output.as_deref(), &text, ui)?;
    let found = match args.fail_on {
        FailOn::Wider => matches!(
            difference.relation,
            Relation::Wider | Relation::Incomparable
        ),
        FailOn::Any => !difference.is_identical(),
        FailOn::OutsideDefault => !outside.is_empty(),
        FailOn::None => false,
    };
    Ok(if found { Exit::Finding } else { Exit::Done })
}

fn between(old: &Profile, new: &Profile, view: View) -> Result<Difference, CommandError> {
    Difference::between(old, new, &view).map_err(|error| {
        CommandError::input("", &error).hint("this is no judgement: the profiles were not compared")
    })
}

/// What is wider and outside the newest default of Docker, too.
fn outside(
    difference: &Difference,
    new: &Profile,
    view: View,
    host: &Host,
) -> Result<Outside, CommandError> {
    if difference.wider.is_empty() {
        return Ok(Outside::new());
    }
    let default = docker_default(DockerRelease::NEWEST).resolve(host);
    let beyond = between(&default, new, view)?;
    let key = |change: &Change| (change.arch, change.call.clone());
    let beyond: Outside = beyond.wider.iter().map(key).collect();
    Ok(difference
        .wider
        .iter()
        .map(key)
        .filter(|key| beyond.contains(key))
        .collect())
}
