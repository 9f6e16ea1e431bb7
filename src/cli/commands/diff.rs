use std::path::PathBuf;

use callsieve::arch::Arch;
use callsieve::profile::diff::{Change, Difference, Relation};
use callsieve::profile::{DockerRelease, Host, Profile, View, docker_default};
use callsieve::recording::Recording;

use crate::cli::args::ReviewFormat;
use crate::cli::causes::Causes;
use crate::cli::engine::EngineArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::host::HostArgs;
use crate::cli::input::{self, Reading};
use crate::cli::operand::{self, Operand};
use crate::cli::render::difference::{self, Compared, Heading, Outside};
use crate::cli::review_args::ReviewArgs;
use crate::cli::ui::Ui;

/// Compare two profiles by what they permit
///
/// OLD and NEW are profiles, recordings, traces, or the default of an engine: `docker-default` of
/// the newest release, `docker-default@25.0.3` of another, `podman-default` (CRI-O's too),
/// `containerd-default`. A file as a commit has it is `git:REV:PATH`, in every command: PATH counts
/// from the root of the repository, or from here if it begins with `./`. They are compared by
/// their answers to every call with every argument, on each architecture; how they are written
/// does not matter. A recording permits what it has: of arguments at which Docker's default looks
/// (clone's flags, a socket's family), the values seen.
///
/// Exits with 1 if there is what `--fail-on` names, else with 0.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve diff docker-default web.json
  callsieve diff git:main:deploy/web.json deploy/web.json --fail-on wider
  callsieve diff old.json new.json --seen-in web.rec.json --fail-on wider
  callsieve diff old.json new.json -f markdown -o comment.md
  callsieve diff docker-default@20.10.24 docker-default@29.4.3 -f json")]
pub(crate) struct DiffArgs {
    /// The profile to start from
    #[arg(value_name = "OLD")]
    old: String,
    /// The profile to judge
    #[arg(value_name = "NEW")]
    new: String,
    #[command(flatten)]
    review: ReviewArgs,
    /// A recording or a trace that tells who makes the calls (repeatable); OLD and NEW count where
    /// they are recordings
    #[arg(long, value_name = "RECORDING")]
    seen_in: Vec<PathBuf>,
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
pub(crate) enum FailOn {
    /// A call gets farther in NEW than in OLD
    Wider,
    /// Any difference in what is answered
    Any,
    /// A call gets farther in NEW than in OLD and than in Docker's default
    OutsideDefault,
    /// Nothing
    None,
}

impl FailOn {
    /// Whether it is there.
    pub(crate) fn finds(self, difference: &Difference, outside: &Outside) -> bool {
        match self {
            Self::Wider => matches!(
                difference.relation,
                Relation::Wider | Relation::Incomparable
            ),
            Self::Any => !difference.is_identical(),
            Self::OutsideDefault => !outside.is_empty(),
            Self::None => false,
        }
    }
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
    let causes = args.causes(&old, &new, ui)?;
    let file = new.file().or_else(|| old.file());
    let compared = Compared {
        difference: &difference,
        heading: Heading {
            old: &old.name,
            new: &new.name,
            native,
            container: &(args.host.describe() + &args.engine.describe()),
        },
        outside: Some(&outside),
        causes: causes.as_ref(),
        file: file.as_ref(),
    };
    args.review
        .write(difference.is_identical(), ui, |format, page| match format {
            ReviewFormat::Text => difference::text(&compared, page),
            ReviewFormat::Json => difference::json(&compared),
            ReviewFormat::Markdown => difference::markdown(&compared),
            ReviewFormat::Sarif => difference::sarif(&compared),
            ReviewFormat::Github => difference::github(&compared),
        })?;
    let found = args.fail_on.finds(&difference, &outside);
    Ok(if found { Exit::Finding } else { Exit::Done })
}

impl DiffArgs {
    /// Who makes the calls; `None` without recordings.
    fn causes(
        &self,
        old: &Operand,
        new: &Operand,
        ui: &Ui,
    ) -> Result<Option<Causes>, CommandError> {
        let mut known: Vec<&Recording> = [old, new]
            .into_iter()
            .filter_map(Operand::recording)
            .collect();
        let seen = match self.seen_in.as_slice() {
            [] => None,
            paths => Some(input::recordings(paths, Reading::of(self.arch), ui)?),
        };
        known.extend(&seen);
        Ok((!known.is_empty()).then(|| Causes::of(&known)))
    }
}

/// What differs.
pub(crate) fn between(
    old: &Profile,
    new: &Profile,
    view: View,
) -> Result<Difference, CommandError> {
    Difference::between(old, new, &view).map_err(|error| {
        CommandError::input("", &error).hint("this is no judgement: the profiles were not compared")
    })
}

/// What is wider and outside the newest default of Docker, too.
pub(crate) fn outside(
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
