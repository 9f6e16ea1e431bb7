use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use callsieve::arch::Arch;
use callsieve::config::{self, Date};
use callsieve::formats::docker::MAX_BYTES;
use callsieve::lint::{self, COMMON_ENGINES, Level, Options, Report, Rule, Severity};
use callsieve::profile::{Engine, Libseccomp};

use crate::cli::args::ReviewFormat;
use crate::cli::config::today;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::host::HostArgs;
use crate::cli::input::{self, Origin};
use crate::cli::operand::{below, native_of};
use crate::cli::output;
use crate::cli::render::lint::{self as render, Linted, Target};
use crate::cli::review_args::ReviewArgs;
use crate::cli::ui::Ui;

/// Find mistakes in profiles, engine by engine
///
/// Reads profiles as Docker, containerd, CRI-O, Podman, runc, crun and youki do, and tells what
/// each of them refuses, ignores without a word, or takes for something else than is written:
/// misspelt names and fields, conditions that are not read and what then becomes allowed, rules
/// that never count, and what keeps containers from starting. Every finding has a rule with a
/// reason and a source.
///
/// Exits with 1 if there is a finding as bad as `--fail-on` says, else with 0.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve lint web.json
  callsieve lint web.json --engine containerd --no-new-privileges
  callsieve lint profiles/*.json -f sarif -o lint.sarif --fail-on warning
  callsieve lint web.json --rule CS026=off --rule clone3-blocked=error
  callsieve lint callsieve.toml
  callsieve lint --explain CS012")]
pub(crate) struct LintArgs {
    /// Profiles, `-` is standard input; or callsieve.toml, for its exceptions
    #[arg(value_name = "PROFILE", required_unless_present_any = ["list_rules", "explain"])]
    profiles: Vec<PathBuf>,
    #[command(flatten)]
    review: ReviewArgs,
    /// Who reads the profiles (repeatable): docker, docker-20.10, containerd, cri-o, podman, runc,
    /// crun, youki or all; without it, docker, containerd, cri-o and podman
    #[arg(long, value_name = "ENGINE", value_delimiter = ',', value_parser = engines)]
    engine: Vec<Engines>,
    /// The libseccomp of the engine's runtime: 2.5.4, 2.5.5, 2.6.0 or 2.6.1
    #[arg(long, value_name = "VERSION", default_value = "2.5.4")]
    libseccomp: Libseccomp,
    /// The container runs with no-new-privileges, so that runtimes need less
    #[arg(long)]
    no_new_privileges: bool,
    /// The architecture of the engine; without it, the one that the profile tells
    #[arg(long, value_name = "ARCH")]
    arch: Option<Arch>,
    /// What makes the exit code 1
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    fail_on: FailOn,
    /// Change the level of a rule: error, warning, note or off (repeatable)
    #[arg(long, value_name = "ID=LEVEL", value_parser = level)]
    rule: Vec<(Rule, Level)>,
    /// What to take for today's date, on which exceptions of callsieve.toml expire
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
    /// Print all rules
    #[arg(long, conflicts_with_all = ["explain", "profiles"])]
    list_rules: bool,
    /// Print what a rule is about, why it matters and where that is from
    #[arg(long, value_name = "ID", conflicts_with = "profiles")]
    explain: Option<Rule>,
    #[command(flatten)]
    host: HostArgs,
}

/// What makes the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// A finding that is an error
    Error,
    /// A finding that is an error or a warning
    Warning,
    /// Any finding
    Note,
    /// Nothing
    Never,
}

/// A word for engines.
#[derive(Debug, Clone)]
struct Engines(Vec<Engine>);

fn engines(text: &str) -> Result<Engines, String> {
    if text == "all" {
        return Ok(Engines(Engine::ALL.to_vec()));
    }
    let engine = text.parse::<Engine>().map_err(|error| error.to_string())?;
    Ok(Engines(vec![engine]))
}

fn level(text: &str) -> Result<(Rule, Level), String> {
    let (rule, level) = text
        .split_once('=')
        .ok_or("expected ID=LEVEL, as CS026=off")?;
    let rule = rule.parse::<Rule>().map_err(|error| error.to_string())?;
    if level == "off" {
        return Ok((rule, Level::Off));
    }
    let severity = level
        .parse::<Severity>()
        .map_err(|error| format!("{error} or off"))?;
    Ok((rule, Level::At(severity)))
}

/// Runs the command.
pub(crate) fn run(args: &LintArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let rules = match args.explain {
        Some(rule) => Some(vec![rule]),
        None => args.list_rules.then(|| Rule::ALL.to_vec()),
    };
    if let Some(rules) = rules {
        let (format, path) = args.review.only()?;
        let text = match format {
            ReviewFormat::Text if args.list_rules => render::list(&rules),
            ReviewFormat::Text => rules
                .iter()
                .map(|rule| ui.page(None).wrapped(&render::explanation(*rule)))
                .collect(),
            ReviewFormat::Json => render::rules_json(&rules),
            ReviewFormat::Markdown | ReviewFormat::Sarif | ReviewFormat::Github => {
                return Err(CommandError::user("rules are printed as text or as JSON"));
            }
        };
        output::write(path, &text, ui)?;
        return Ok(Exit::Done);
    }
    let target = Target {
        engines: args.engines(),
        libseccomp: args.libseccomp,
    };
    let mut linted = Vec::new();
    for path in &args.profiles {
        linted.push(if path.extension().is_some_and(|it| it == "toml") {
            args.configuration(path, &target, ui)?
        } else {
            args.one(path, &target)?
        });
    }
    let is_clean = linted.iter().all(render::is_clean);
    args.review
        .write(is_clean, ui, |format, page| match format {
            ReviewFormat::Text => render::text(&linted, &target, page),
            ReviewFormat::Json => render::json(&linted, &target),
            ReviewFormat::Markdown => render::markdown(&linted),
            ReviewFormat::Sarif => render::sarif(&linted),
            ReviewFormat::Github => render::github(&linted),
        })?;
    for file in &linted {
        for what in &file.report.not_checked {
            ui.warn(&format!("{}: not checked: {what}", file.place));
        }
    }
    let worst = linted
        .iter()
        .flat_map(|file| &file.report.findings)
        .map(|finding| finding.severity)
        .max();
    let limit = match args.fail_on {
        FailOn::Error => Some(Severity::Error),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Note => Some(Severity::Note),
        FailOn::Never => None,
    };
    let found = limit.is_some_and(|limit| worst >= Some(limit));
    Ok(if found { Exit::Finding } else { Exit::Done })
}

impl LintArgs {
    fn engines(&self) -> Vec<Engine> {
        let mut engines: Vec<Engine> = self
            .engine
            .iter()
            .flat_map(|word| word.0.iter().copied())
            .collect();
        if engines.is_empty() {
            engines.extend(COMMON_ENGINES);
        }
        engines.sort_unstable();
        engines.dedup();
        engines
    }

    /// The exceptions of a configuration file; what has no effect is for `ci` to tell.
    fn configuration(&self, path: &Path, target: &Target, ui: &Ui) -> Result<Linted, CommandError> {
        let (place, bytes) = input::bytes(path, config::MAX_BYTES)?;
        let mut read =
            config::read(&bytes).map_err(|error| CommandError::user(format!("{place}:{error}")))?;
        read.levels.extend(self.rule.iter().copied());
        let mut findings = config::findings(&read, today(self.today, ui)?, &[]);
        for finding in &mut findings {
            finding.engines.clone_from(&target.engines);
        }
        Ok(Linted {
            place,
            path: below(path),
            native: self
                .arch
                .or_else(Arch::of_this_build)
                .unwrap_or(Arch::X86_64),
            text: String::from_utf8_lossy(&bytes).into_owned(),
            report: Report {
                findings,
                ..Report::default()
            },
        })
    }

    fn one(&self, path: &Path, target: &Target) -> Result<Linted, CommandError> {
        let (place, bytes) = input::bytes(path, MAX_BYTES)?;
        let native = self
            .arch
            .or_else(|| native_of(&lint::architectures(&bytes)))
            .or_else(Arch::of_this_build)
            .ok_or_else(|| {
                CommandError::user(format!("`{place}` does not tell its architecture"))
                    .hint("say it with `--arch`")
            })?;
        let options = Options {
            engines: target.engines.clone(),
            libseccomp: target.libseccomp,
            host: self.host.host(native)?,
            no_new_privileges: self.no_new_privileges,
            levels: self.rule.iter().copied().collect::<BTreeMap<_, _>>(),
        };
        let report = lint::lint(&bytes, &options);
        Ok(Linted {
            place,
            path: below(Origin::new(path).path().unwrap_or(path)),
            native,
            text: String::from_utf8_lossy(&bytes).into_owned(),
            report,
        })
    }
}
