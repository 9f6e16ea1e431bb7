use std::ffi::OsStr;
use std::path::PathBuf;

use callsieve::arch::Arch;

use crate::cli::engine::EngineArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::host::HostArgs;
use crate::cli::operand::{self, Operand};
use crate::cli::report::Subject;
use crate::cli::ui::Ui;
use crate::cli::{output, render};

/// Show recordings and a profile on one page, for an audit
///
/// One HTML file that needs nothing else, with no script in it: what is missing from the recordings;
/// when the last new call was seen; every call of the architecture beside Docker's default; the
/// programs, and what each of them needs; for each call who made it, how often, with which
/// arguments and errors, how risky it is, and why the profile has it. With `--against`, what the
/// profile allows more and less than another one.
///
/// The same input gives the same bytes. docs/report.md explains the page.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve report web.rec.json -o report.html
  callsieve report runs/*.rec.json web.json -o report.html
  callsieve report web.rec.json web.json --against old.json -o report.html
  callsieve report web.rec.json --cap-add SYS_PTRACE -o report.html")]
pub(crate) struct ReportArgs {
    /// Recordings and traces, and at most one profile, which are told apart by what is in them;
    /// `-` is standard input
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<String>,
    /// Write to this file; without it, to standard output if that is no terminal
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Compare the profile with this one, the older: a file, or a default, as for `diff`
    #[arg(long, value_name = "OLD")]
    against: Option<String>,
    /// The architecture of the engine; without it, the one that the profile tells, or that runs
    /// what was recorded
    #[arg(long, value_name = "ARCH")]
    arch: Option<Arch>,
    /// Say on the page that it is of this time, in seconds since 1970; without it, of the one in
    /// `SOURCE_DATE_EPOCH`, or of none
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=LAST_SECOND))]
    timestamp: Option<u64>,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    host: HostArgs,
}

/// The last second of the year 9999: four digits are enough.
const LAST_SECOND: u64 = 253_402_300_799;

/// Runs the command.
pub(crate) fn run(args: &ReportArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let path = args.output.as_deref();
    if output::is_stdout(path) && Ui::prints_to_terminal() {
        return Err(CommandError::user("a page is not for a terminal")
            .hint("name a file with `-o`, for example `-o report.html`"));
    }
    let stdin = |word: &&String| *word == "-";
    if args
        .inputs
        .iter()
        .chain(&args.against)
        .filter(stdin)
        .count()
        > 1
    {
        return Err(CommandError::user("standard input can be read only once"));
    }
    let made = made(args.timestamp, ui.env.source_date.as_deref())?;
    let (recording, profiles) = operand::sorted(&args.inputs, args.arch, ui)?;
    let profile = match profiles.as_slice() {
        [] => None,
        [one] => Some(one),
        [one, other, ..] => {
            return Err(CommandError::user(format!(
                "`{}` and `{}` are both profiles; a page is about one",
                one.name, other.name
            ))
            .hint("name the older one with `--against`"));
        }
    };
    if recording.runs().len() == 0 {
        return Err(
            CommandError::user("there is no recording and no trace among the inputs")
                .hint("`callsieve record -o web.rec.json -- COMMAND` makes one"),
        );
    }
    let against = match (&args.against, profile) {
        (None, _) => None,
        (Some(word), Some(_)) => Some(Operand::read(word, args.arch, ui)?),
        (Some(word), None) => {
            return Err(CommandError::user(format!(
                "there is no profile to compare with `{word}`"
            ))
            .hint("name the new profile beside the recordings"));
        }
    };
    let subject = Subject {
        recording: &recording,
        profile,
        against: against.as_ref(),
        told: args.arch,
        engine: &args.engine,
        host: &args.host,
        made,
    };
    let page = render::html::page(&subject.report()?);
    output::write(path, &page, ui)?;
    render::warn_of_losses(&recording, ui);
    if let Some(path) = path.filter(|path| !output::is_stdout(Some(path))) {
        ui.note(&format!(
            "Wrote {}",
            render::safe(&path.display().to_string())
        ));
    }
    Ok(Exit::Done)
}

/// The time that the page shows.
fn made(told: Option<u64>, source_date: Option<&OsStr>) -> Result<Option<u64>, CommandError> {
    let (None, Some(text)) = (told, source_date) else {
        return Ok(told);
    };
    let seconds = text.to_str().and_then(|text| text.parse().ok());
    match seconds.filter(|seconds| *seconds <= LAST_SECOND) {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(CommandError::user(format!(
            "SOURCE_DATE_EPOCH is `{}`, no number of seconds since 1970",
            text.to_string_lossy()
        ))),
    }
}
