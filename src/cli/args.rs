//! The arguments: types only, no files and no probes, so that `--help` works on any machine.

use clap::{Parser, Subcommand, ValueEnum};

use super::commands;

/// Make minimal seccomp profiles from what a program really calls
///
/// Records a program, or reads traces of one, keeps which system calls were made on which
/// architecture, and writes a profile that Docker, containerd, CRI-O and Podman read alike. Such a
/// profile starts the first time and is never weaker than Docker's default unless asked.
#[derive(Debug, Parser)]
#[command(
    name = "callsieve",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  callsieve record -o web.rec.json -- nginx -g 'daemon off;'
  callsieve generate web.rec.json -o web.json
  callsieve verify web.json -- nginx -g 'daemon off;'
  callsieve diff docker-default web.json"
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
    /// Say less on standard error; warnings stay
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Show what is folded or counted otherwise
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Columns of text for people; without it, those of the terminal, at most 100, and 80 where
    /// there is none
    #[arg(long, global = true, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(40..))]
    pub(crate) width: Option<u16>,
    /// Show no progress, on a terminal either
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// How to print a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

/// How to print what is judged in a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReviewFormat {
    /// For people
    Text,
    /// For machines, as docs/*-format.md describe it
    Json,
    /// A comment for a pull request
    Markdown,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands of GitHub Actions, which become annotations
    Github,
}

impl ReviewFormat {
    /// Whether nothing is an answer, too: not where a reader expects a document.
    pub(crate) const fn may_be_empty(self) -> bool {
        match self {
            Self::Text | Self::Markdown | Self::Github => true,
            Self::Json | Self::Sarif => false,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Record(Box<commands::record::RecordArgs>),
    Verify(Box<commands::verify::VerifyArgs>),
    Docker(Box<commands::docker::DockerArgs>),
    Podman(Box<commands::podman::PodmanArgs>),
    Import(commands::import::ImportArgs),
    Merge(commands::merge::MergeArgs),
    List(commands::list::ListArgs),
    Generate(Box<commands::generate::GenerateArgs>),
    Diff(commands::diff::DiffArgs),
    Check(commands::check::CheckArgs),
    Explain(commands::explain::ExplainArgs),
    Report(commands::report::ReportArgs),
    Export(commands::export::ExportArgs),
    Inspect(commands::inspect::InspectArgs),
    Ci(commands::ci::CiArgs),
    Lint(commands::lint::LintArgs),
    Floor(commands::floor::FloorArgs),
    Doctor(commands::doctor::DoctorArgs),
    Setup(commands::setup::SetupArgs),
    #[command(hide = true)]
    OciRuntime(commands::oci_runtime::OciRuntimeArgs),
    #[command(hide = true)]
    OciRecorder(commands::oci_recorder::OciRecorderArgs),
    Completions(commands::completions::CompletionsArgs),
    Man(commands::man::ManArgs),
}
