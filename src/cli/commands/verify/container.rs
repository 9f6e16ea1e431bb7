//! A container under a profile.

use callsieve::arch::Arch;

use super::{ModeArg, VerifyArgs};
use crate::cli::args::ReviewFormat;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::operand::Operand;
use crate::cli::output;
use crate::cli::render::denied;
use crate::cli::render::tried::{self, Tried};
use crate::cli::repair::ROUNDS;
use crate::cli::trial::{Bench, Outcome, Subject};
use crate::cli::ui::Ui;

/// Tries it, and with `--repair` again and again.
pub(super) fn run(args: &VerifyArgs, ui: &Ui) -> Result<Exit, CommandError> {
    if args.duration.is_some() {
        return Err(CommandError::user(
            "`--duration` is for a command; a container is stopped when everything was tried",
        ));
    }
    if args.mode == ModeArg::Log {
        return Err(CommandError::user(
            "`--mode log` is for a command; in a container the engine enforces the profile",
        ));
    }
    if let Some(path) = &args.output {
        output::check(path)?;
    }
    // What can't be read needs no engine.
    let operand = Operand::read(&args.profile, Arch::of_this_build(), ui)?;
    let bench = Bench::new(&args.trial, &args.command, (&args.engine, &args.host))?;
    let mut subject = bench.subject(&args.profile, operand)?;
    let mut repair =
        args.repair
            .start(&args.profile, subject.profile(), bench.view, &args.host, ui)?;
    for _ in 0..ROUNDS {
        let outcome = bench.verify(&subject, ui)?;
        tell(args, &bench, &subject, &outcome, ui)?;
        let Some(repair) = &mut repair else {
            return Ok(exit(&outcome));
        };
        let floor = (!outcome.missing.is_empty()).then_some(bench.floor);
        let learned = if outcome.passed() {
            None
        } else {
            repair.learn(&outcome.recording, floor, ui)?
        };
        let Some(profile) = learned else {
            repair.write(ui)?;
            return Ok(exit(&outcome));
        };
        subject = Bench::made(subject.name.clone(), subject.source.take(), profile.clone())?;
    }
    Err(CommandError::user(format!(
        "each of {ROUNDS} trials refused something new; nothing was written"
    )))
}

fn tell(
    args: &VerifyArgs,
    bench: &Bench,
    subject: &Subject,
    outcome: &Outcome,
    ui: &Ui,
) -> Result<(), CommandError> {
    let tried = Tried {
        image: &bench.image(),
        profile: &subject.name,
        engine: &bench.describe(),
        floor: &bench.floor.to_string(),
        native: bench.view.native,
        outcome,
    };
    let denied = tried::denied(&tried, subject.source.as_ref());
    let text = match args.format {
        _ if args.skip_no_diff && denied.passed && args.format.may_be_empty() => String::new(),
        ReviewFormat::Text => tried::text(&tried, ui.page(args.output.as_deref())),
        ReviewFormat::Json => tried::json(&tried),
        ReviewFormat::Markdown => denied::markdown(&denied),
        ReviewFormat::Sarif => denied::sarif(&denied),
        ReviewFormat::Github => denied::github(&denied),
    };
    output::write(args.output.as_deref(), &text, ui)
}

fn exit(outcome: &Outcome) -> Exit {
    if !outcome.passed() {
        Exit::Finding
    } else if outcome.complete() {
        Exit::Done
    } else {
        Exit::Incomplete
    }
}
