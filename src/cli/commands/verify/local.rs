//! A command under a profile.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use callsieve::enforce::Report;
use callsieve::event::{Denial, Gap, Tally};
use callsieve::record::{
    self, Choice, Control, First, Front, Known, Mode, Progress, Session, Side, Target, TerminalUse,
    Tid, Under, Watch, Wish,
};
use callsieve::recording::{Recording, RunBuilder};

use super::{ModeArg, VerifyArgs};
use crate::cli::args::ReviewFormat;
use crate::cli::commands::record::{command, failure};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::render::denied;
use crate::cli::render::verified::{self, Verified};
use crate::cli::repair::ROUNDS;
use crate::cli::ui::Ui;
use crate::cli::under::{self, Filter};
use crate::cli::{output, render};

/// Runs the command, in two processes, of which the one in front may be killed.
pub(super) fn run(args: &VerifyArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let filter = under::filter(&args.profile, &args.engine, &args.host, ui)?;
    // What does not go is told before anything runs.
    let _session = args.session(&filter, ui)?;
    if let Some(path) = &args.output {
        output::check(path)?;
    }
    match record::split(false).map_err(|error| failure(&error))? {
        Side::Front(Some(status)) => Ok(Exit::Status(u8::try_from(status).unwrap_or(125))),
        Side::Front(None) => Err(CommandError::user(
            "callsieve was killed while it watched the command",
        )
        .exits(Exit::Status(125))),
        Side::Recorder(front) => args.verify(filter, &front, ui),
    }
}

/// How one run went.
struct Ran {
    exit: Exit,
    /// What was refused, as a recording.
    refused: Recording,
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
            draws: false,
        })
    }

    /// Verifies, and with `--repair` again and again.
    fn verify(&self, mut filter: Filter, front: &Front, ui: &Ui) -> Result<Exit, CommandError> {
        let mut repair =
            self.repair
                .start(&self.profile, &filter.profile, filter.view, &self.host, ui)?;
        for _ in 0..ROUNDS {
            let ran = self.once(&filter, front, ui)?;
            let Some(repair) = &mut repair else {
                return Ok(ran.exit);
            };
            let learned = if ran.exit == Exit::Finding {
                repair.learn(&ran.refused, None, ui)?
            } else {
                None
            };
            let Some(profile) = learned else {
                repair.write(ui)?;
                return Ok(ran.exit);
            };
            filter = under::made(filter, profile.clone())?;
        }
        Err(CommandError::user(format!(
            "each of {ROUNDS} runs refused something new; nothing was written"
        )))
    }

    /// Verifies once.
    fn once(&self, filter: &Filter, front: &Front, ui: &Ui) -> Result<Ran, CommandError> {
        let session = self.session(filter, ui)?;
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
        let mut run = RunBuilder::new("callsieve", vec![seen.label().to_owned()])
            .captured(seen.capture().clone());
        let tally: Tally = seen.report(&mut run);
        // That the profile killed it is told as what it is.
        let by_profile = taken.denials.iter().any(|denial| denial.answer.kills());
        let gaps: Vec<Gap> = tally
            .gaps
            .iter()
            .copied()
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
        let page = match self.output.as_deref() {
            Some(path) => ui.page(Some(path)),
            None => ui.page_aside(),
        };
        let denied = verified::denied(&verified, filter.file.as_ref());
        let text = match self.format {
            _ if self.skip_no_diff && denied.passed && self.format.may_be_empty() => String::new(),
            ReviewFormat::Text => verified::text(&verified, page),
            ReviewFormat::Json => verified::json(&verified),
            ReviewFormat::Markdown => denied::markdown(&denied),
            ReviewFormat::Sarif => denied::sarif(&denied),
            ReviewFormat::Github => denied::github(&denied),
        };
        match self.output.as_deref() {
            Some(path) => output::write(Some(path), &text, ui)
                .map_err(|error| error.exits(Exit::Status(125)))?,
            None => ui.result_aside(&text),
        }
        self.tell(&verified, ui);
        let exit = if !report.passed() {
            Exit::Finding
        } else if gaps.is_empty() {
            Exit::Done
        } else {
            Exit::Incomplete
        };
        let refused = Recording::of(run.finish(tally));
        Ok(Ran { exit, refused })
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
