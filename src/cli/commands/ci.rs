use std::num::NonZeroUsize;
use std::path::PathBuf;

use callsieve::config::findings;
use callsieve::lint::{Finding, Severity};
use callsieve::profile::build::Generated;
use clap::ValueEnum as _;

use crate::cli::args::ReviewFormat;
use crate::cli::ci::{Judged, Overrides, judge};
use crate::cli::commands::diff::FailOn;
use crate::cli::config::{ConfigArgs, Loaded};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::render::ci::{self as render, Whole};
use crate::cli::render::reasons;
use crate::cli::ui::Ui;

/// Make the profiles of callsieve.toml again, compare, and judge
///
/// Every profile is made of its recordings and keeps what the committed one allows, so that it
/// changes only if there is something to review. It is compared with the file of `--against`, else
/// of HEAD, and written if it changed. Exceptions that have expired or lack a reason fail, too.
///
/// Exits with 0 if all is well, 1 if there is what `--fail-on` names, an exception that is an
/// error, or with `--check` a file that would change; else with the worst of 2, 4 and 3.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve ci
  callsieve ci --check --against origin/main --markdown comment.md
  callsieve ci deploy/web.json --prune-after 5 --sarif ci.sarif")]
pub(crate) struct CiArgs {
    /// Only these profiles of the file, by their `path`
    #[arg(value_name = "PROFILE")]
    profiles: Vec<String>,
    #[command(flatten)]
    config: ConfigArgs,
    /// Write no profile; exit with 1 if one would change
    #[arg(long)]
    check: bool,
    /// Compare with this revision of git, as the merge base of a pull request
    #[arg(long, value_name = "REV")]
    against: Option<String>,
    /// What makes the exit code 1; without it, what the file says, or wider
    #[arg(long, value_name = "WHAT")]
    fail_on: Option<FailOn>,
    /// Take these recordings for all profiles, instead of those of the file (repeatable)
    #[arg(long, value_name = "FILE")]
    recordings: Vec<PathBuf>,
    /// Do not keep what only the committed profile allows
    #[arg(long, conflicts_with = "prune_after")]
    no_keep: bool,
    /// Keep nothing that at least this many complete runs do not show
    #[arg(long, value_name = "N")]
    prune_after: Option<NonZeroUsize>,
    /// Use recordings although they are incomplete
    #[arg(long)]
    allow_incomplete: bool,
    /// How to print
    #[arg(short, long, default_value = "text", value_name = "FORMAT")]
    format: ReviewFormat,
    /// Also write the result as a comment of a pull request to this file
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Also write what was found as SARIF to this file
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &CiArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let today = args.config.today(ui)?;
    let loaded = args.config.load(ui)?;
    let chosen = args.chosen(&loaded)?;
    let overrides = Overrides {
        recordings: args.recordings.clone(),
        against: args.against.clone(),
        keep: args.no_keep.then_some(false),
        prune_after: args.prune_after,
        allow_incomplete: args.allow_incomplete,
    };
    let judged: Vec<Judged> = chosen
        .into_iter()
        .filter_map(|position| Some((position, loaded.config.profiles.get(position)?)))
        .map(|(position, wanted)| judge(&loaded, position, wanted, &overrides, ui))
        .collect();
    let made: Vec<(usize, &Generated)> = judged
        .iter()
        .filter_map(|it| Some((it.position, &it.result.as_ref().ok()?.made.generated)))
        .collect();
    let found = findings(&loaded.config, today, &made);
    let whole = Whole {
        loaded: &loaded,
        judged: &judged,
        findings: &found,
        fail_on: args.fail_on(&loaded),
        check: args.check,
    };
    args.write(&whole, ui)?;
    for one in &judged {
        if let Err(error) = &one.result {
            ui.error(error);
        }
    }
    Ok(exit(&whole))
}

/// The worst of all.
fn exit(whole: &Whole<'_>) -> Exit {
    let failed = whole.judged.iter().map(Judged::exit);
    let rank = |exit: &Exit| match exit {
        Exit::Usage => 4,
        Exit::NotPermitted => 3,
        Exit::Incomplete => 2,
        Exit::Finding => 1,
        Exit::Done | Exit::Status(_) => 0,
    };
    let is_error = |finding: &Finding| finding.severity == Severity::Error;
    let found = whole.findings.iter().any(is_error)
        || whole
            .judged
            .iter()
            .any(|it| whole.fails(it) || whole.is_stale(it));
    let own = if found { Exit::Finding } else { Exit::Done };
    failed.chain([own]).max_by_key(rank).unwrap_or(own)
}

impl CiArgs {
    /// The positions of the profiles to be made.
    fn chosen(&self, loaded: &Loaded) -> Result<Vec<usize>, CommandError> {
        let all = &loaded.config.profiles;
        if self.profiles.is_empty() {
            return Ok((0..all.len()).collect());
        }
        let mut chosen = Vec::new();
        for path in &self.profiles {
            let position = all.iter().position(|it| it.path == *path).ok_or_else(|| {
                let known: Vec<&str> = all.iter().take(10).map(|it| it.path.as_str()).collect();
                CommandError::user(format!("{} has no profile `{path}`", loaded.shown))
                    .hint(format!("it has {}", known.join(", ")))
            })?;
            if !chosen.contains(&position) {
                chosen.push(position);
            }
        }
        chosen.sort_unstable();
        Ok(chosen)
    }

    fn fail_on(&self, loaded: &Loaded) -> FailOn {
        let configured = loaded.config.ci.fail_on.as_deref();
        let configured = configured.and_then(|word| FailOn::from_str(word, false).ok());
        self.fail_on.or(configured).unwrap_or(FailOn::Wider)
    }

    /// Writes everything, or nothing.
    fn write(&self, whole: &Whole<'_>, ui: &Ui) -> Result<(), CommandError> {
        let ci = &whole.loaded.config.ci;
        let output = |given: &Option<PathBuf>, named: &Option<String>| match (given, named) {
            (Some(path), _) => Ok(Some(path.clone())),
            (None, Some(path)) => whole.loaded.output(path).map(Some),
            (None, None) => Ok(None),
        };
        let markdown = output(&self.markdown, &ci.markdown)?;
        let sarif = output(&self.sarif, &ci.sarif)?;
        let mut texts: Vec<(Option<PathBuf>, String)> = Vec::new();
        for again in whole.judged.iter().filter_map(|it| it.result.as_ref().ok()) {
            if self.check {
                continue;
            }
            if again.is_new {
                texts.push((
                    Some(again.target.clone()),
                    again.made.written.profile.clone(),
                ));
            }
            if let Some(path) = &again.reasons {
                texts.push((Some(path.clone()), reasons::json(&again.made.generated)));
            }
        }
        texts.extend(markdown.map(|path| (Some(path), render::markdown(whole))));
        texts.extend(sarif.map(|path| (Some(path), render::sarif(whole))));
        texts.push((
            None,
            match self.format {
                ReviewFormat::Text => render::text(whole, ui.page(None)),
                ReviewFormat::Json => render::json(whole),
                ReviewFormat::Markdown => render::markdown(whole),
                ReviewFormat::Sarif => render::sarif(whole),
                ReviewFormat::Github => render::github(whole),
            },
        ));
        let results: Vec<_> = texts
            .iter()
            .map(|(path, text)| (path.as_deref(), text.as_str()))
            .collect();
        output::write_all(&results, ui)
    }
}
