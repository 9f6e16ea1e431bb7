use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use callsieve::enforce::Report;
use callsieve::event::{Denial, Gap, Tally};
use callsieve::record::{
    self, Choice, Control, First, Front, Known, Mode, Progress, Session, Side, Target, TerminalUse,
    Tid, Under, Watch, Wish,
};
use callsieve::recording::RunBuilder;

use super::record::{command, duration, failure};
use crate::cli::args::Format;
use crate::cli::engine::EngineArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::host::HostArgs;
use crate::cli::render::verified::{self, Verified};
use crate::cli::ui::Ui;
use crate::cli::under::{self, Filter};
use crate::cli::{output, render};

/// Run a command under a profile and report every call that is refused
///
/// The command runs as it would under the filter that the engine makes of the profile: refused
/// calls fail, send SIGSYS or kill as the profile says, in everything that it starts too. Its
/// input, output and signals are its own. The report comes when all of it has ended, on standard
/// error, or where `-o` says. ENOSYS for calls such as clone3, on which callers fall back, is
/// what profiles are made to answer; it is listed and is no failure.
///
/// Exits with 0 if nothing was refused, whatever the command's own status, which is printed; with
/// 1 if something was, with 3 if not all of it could be seen, with 4 if it is not permitted here,
/// with 126 or 127 if the command can't be started, with 125 if callsieve fails.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "callsieve verify [OPTIONS] PROFILE [--] COMMAND [ARG]...",
    after_help = "\
Examples:
  callsieve verify web.json -- nginx -g 'daemon off;'
  callsieve verify --mode log docker-default -- ./server --once
  callsieve verify -f json -o report.json web.json -- make test"
)]
pub(crate) struct VerifyArgs {
    /// The profile, or whatever else `diff` takes
    #[arg(value_name = "PROFILE")]
    profile: String,
    /// The command and its arguments
    #[arg(value_name = "COMMAND", trailing_var_arg = true, required = true)]
    command: Vec<OsString>,
    /// What becomes of calls that the profile refuses
    #[arg(long, value_name = "MODE", default_value = "enforce")]
    mode: ModeArg,
    /// Write the report to this file, or to standard output for `-`; without it, to standard error
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How to print
    #[arg(short, long, default_value = "text", value_name = "FORMAT")]
    format: Format,
    /// Ask the command to end after this time, as 90s, 5m or 1h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    host: HostArgs,
}

/// What becomes of refused calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ModeArg {
    /// They are refused as the profile says
    Enforce,
    /// They go on and are reported: shows all of them in one run, and no fallbacks
    Log,
}

/// Runs the command.
pub(crate) fn run(args: &VerifyArgs, ui: &Ui) -> Result<Exit, CommandError> {
    if args.profile == "-" {
        return Err(CommandError::user(
            "standard input is the command's; name the profile by its file",
        ));
    }
    let filter = under::filter(&args.profile, &args.engine, &args.host, ui)?;
    let session = args.session(&filter, ui)?;
    if let Some(path) = &args.output {
        output::check(path)?;
    }
    match record::split(false).map_err(|error| failure(&error))? {
        Side::Front(Some(status)) => Ok(Exit::Status(u8::try_from(status).unwrap_or(125))),
        Side::Front(None) => Err(CommandError::user(
            "callsieve was killed while it watched the command",
        )
        .exits(Exit::Status(125))),
        Side::Recorder(front) => args.verify(session, &filter, &front, ui),
    }
}

impl VerifyArgs {
    fn session(&self, filter: &Filter, ui: &Ui) -> Result<Session, CommandError> {
        let command = command(&self.command, ui.env.search_path.as_deref())?;
        let name = self.command.first().map(PathBuf::from).unwrap_or_default();
        let name = name.file_name().unwrap_or(name.as_os_str());
        Ok(Session {
            target: Target::Command(command),
            wish: Wish::Ptrace,
            results: false,
            kill_on_exit: false,
            label: name.to_string_lossy().into_owned(),
            labels: BTreeMap::new(),
            known: Known::default(),
            under: Some(Under {
                program: filter.program.clone(),
                name: filter.name.clone(),
                mode: match self.mode {
                    ModeArg::Enforce => Mode::Enforce,
                    ModeArg::Log => Mode::Log,
                },
                everything: false,
            }),
        })
    }

    fn verify(
        &self,
        session: Session,
        filter: &Filter,
        front: &Front,
        ui: &Ui,
    ) -> Result<Exit, CommandError> {
        let mut watcher = Watcher {
            duration: self.duration,
            front,
            ui,
        };
        let recorder = record::recorder(session, Some(front)).map_err(|error| failure(&error))?;
        let finished = recorder
            .record(&mut watcher)
            .map_err(|error| failure(&error))?;
        let seen = &finished.seen;
        let taken = seen.capture().under.clone().unwrap_or_default();
        let report = Report::of(&taken, &filter.host);
        let mut run = RunBuilder::new("callsieve", Vec::new());
        let tally: Tally = seen.report(&mut run);
        // That the profile killed it is told as what it is.
        let by_profile = taken.denials.iter().any(|denial| denial.answer.kills());
        let gaps: Vec<Gap> = tally
            .gaps
            .into_iter()
            .filter(|gap| !(by_profile && *gap == Gap::KilledByFilter))
            .collect();
        let verified = Verified {
            command: seen.label(),
            profile: &filter.name,
            container: &filter.container,
            native: filter.host.native,
            enforced: taken.enforced,
            end: finished.end,
            milliseconds: seen.capture().milliseconds,
            processes: finished.processes,
            report: &report,
            gaps: &gaps,
        };
        let text = match self.format {
            Format::Text => verified::text(&verified, ui.verbose),
            Format::Json => verified::json(&verified),
        };
        match self.output.as_deref() {
            Some(path) => output::write(Some(path), &text, ui)
                .map_err(|error| error.exits(Exit::Status(125)))?,
            None => ui.result_aside(&text),
        }
        self.tell(&verified, ui);
        Ok(if !report.passed() {
            Exit::Finding
        } else if gaps.is_empty() {
            Exit::Done
        } else {
            Exit::Incomplete
        })
    }

    /// What a reader of a file would miss.
    fn tell(&self, verified: &Verified<'_>, ui: &Ui) {
        for gap in verified.gaps {
            ui.warn(&format!("not all of it was seen: {gap}"));
        }
        if let Some(path) = self.output.as_deref()
            && !output::is_stdout(Some(path))
        {
            let path = render::safe(&path.display().to_string());
            ui.note(&format!("{}\nWrote {path}", verified::verdict(verified)));
        }
    }
}

/// Watches the command.
struct Watcher<'a> {
    duration: Option<Duration>,
    front: &'a Front,
    ui: &'a Ui,
}

impl Watch for Watcher<'_> {
    fn started(&mut self, choice: &Choice, pid: Tid) {
        if self.ui.verbose {
            self.ui.note(&format!("Process {pid}: {}", choice.reason));
        }
    }

    fn first(&mut self, _first: &First) {}

    fn denied(&mut self, denial: &Denial) {
        if self.ui.verbose {
            self.ui.note(&verified::at_once(denial));
        }
    }

    fn tick(&mut self, progress: &Progress<'_>) -> Control {
        if self.duration.is_some_and(|it| progress.elapsed >= it) {
            Control::Enough
        } else {
            Control::Continue
        }
    }

    fn uses_terminal(&mut self, _how: TerminalUse) {}

    fn stopped(&mut self, stopped: bool) {
        self.front.stop(stopped);
    }
}
