use callsieve::arch::Arch;
use callsieve::profile::diff::Difference;
use callsieve::profile::eval::Meaning;
use callsieve::profile::policy::{Policy, Stack};
use callsieve::profile::{Profile, View};

use crate::cli::args::ReviewFormat;
use crate::cli::engine::EngineArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::host::HostArgs;
use crate::cli::operand::{self, Operand};
use crate::cli::render::check::{self, Checked};
use crate::cli::review_args::ReviewArgs;
use crate::cli::ui::Ui;

/// Prove that profiles permit at most what others do
///
/// NEW passes if no call with any arguments gets farther in it than in BASE, on any architecture.
/// Several BASE are filters of one process, of which the strictest answer counts, as in the
/// kernel. NEW and BASE are what `diff` takes. The answer is exact; where there is none, because
/// conditions are too complex or a profile can't be loaded, that is an error and no pass.
///
/// Exits with 0 if all pass, with 1 if not.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve check web.json --at-most docker-default
  callsieve check new/*.json --at-most podman-default --engine podman
  callsieve check app.json --at-most docker-default --at-most org.json -f json")]
pub(crate) struct CheckArgs {
    /// The profiles to judge
    #[arg(value_name = "NEW", required = true)]
    new: Vec<String>,
    /// What they may permit at most (repeatable)
    #[arg(long, value_name = "BASE", required = true)]
    at_most: Vec<String>,
    /// Take all NEW for filters of one process, of which the strictest answer counts
    #[arg(long)]
    stacked: bool,
    #[command(flatten)]
    review: ReviewArgs,
    /// The architecture of the engine; without it, the one that NEW or BASE tells
    #[arg(long, value_name = "ARCH")]
    arch: Option<Arch>,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    host: HostArgs,
}

/// Runs the command.
pub(crate) fn run(args: &CheckArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let words = args.new.iter().chain(&args.at_most);
    if words.filter(|word| *word == "-").count() > 1 {
        return Err(CommandError::user("standard input can be read only once"));
    }
    let read = |words: &[String]| -> Result<Vec<Operand>, CommandError> {
        let words = words.iter();
        words
            .map(|word| Operand::read(word, args.arch, ui))
            .collect()
    };
    let (new, base) = (read(&args.new)?, read(&args.at_most)?);
    let groups: Vec<Vec<&Operand>> = if args.stacked {
        vec![new.iter().collect()]
    } else {
        new.iter().map(|one| vec![one]).collect()
    };
    let mut checked = Vec::new();
    for group in groups {
        checked.push(one(args, &group, &base.iter().collect::<Vec<_>>())?);
    }
    let container = args.host.describe() + &args.engine.describe();
    let passed = checked.iter().all(Checked::passed);
    args.review.write(passed, ui, |format, page| match format {
        ReviewFormat::Text => check::text(&checked, &container, page),
        ReviewFormat::Json => check::json(&checked, &container),
        ReviewFormat::Markdown => check::markdown(&checked, &container),
        ReviewFormat::Sarif => check::sarif(&checked, &container),
        ReviewFormat::Github => check::github(&checked, &container),
    })?;
    Ok(if passed { Exit::Done } else { Exit::Finding })
}

fn one(args: &CheckArgs, new: &[&Operand], base: &[&Operand]) -> Result<Checked, CommandError> {
    let names = |operands: &[&Operand]| -> Vec<String> {
        operands.iter().map(|it| it.name.clone()).collect()
    };
    let operands = [new, base].concat();
    let native = operand::native(args.arch, &operands, "no profile tells its architecture")?;
    let view = args.engine.view(native);
    let host = args.host.host(native)?;
    let profiles = |operands: &[&Operand]| -> Vec<Profile> {
        let operands = operands.iter();
        operands.map(|it| it.resolve(view, &host)).collect()
    };
    let (new_profiles, base_profiles) = (profiles(new), profiles(base));
    let (old, now) = (
        together(&base_profiles, view),
        together(&new_profiles, view),
    );
    let difference = Difference::of(old.as_ref(), now.as_ref()).map_err(|error| {
        CommandError::input("", &error).hint("this is no judgement: the profiles were not compared")
    })?;
    Ok(Checked {
        new: names(new),
        base: names(base),
        names: (names(new).join(" + "), names(base).join(" + ")),
        native,
        difference,
        file: new.iter().find_map(|it| it.file()),
    })
}

/// One filter, or several of one process.
fn together<'p>(profiles: &'p [Profile], view: View) -> Box<dyn Policy + 'p> {
    let policy =
        |profile: &'p Profile| -> Box<dyn Policy + 'p> { Box::new(Meaning::new(profile, &view)) };
    match profiles {
        [one] => policy(one),
        several => Box::new(Stack::new(several.iter().map(policy).collect())),
    }
}
