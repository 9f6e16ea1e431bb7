//! A container as its user wants it, and the same with a guest in front of its program.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;

use callsieve::arch::Arch;

use super::archive::{FOLDER, pack};
use super::plan::{Plan, trial_name};
use crate::cli::engine_command::{Container, Details, Engine, EngineError, Interrupts, Options};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::static_binary::StaticBinary;

/// A container as its user wants it.
#[derive(Debug)]
pub(crate) struct Wanted<'e> {
    pub(crate) engine: &'e Engine,
    pub(crate) plan: &'e Plan,
    pub(crate) interrupts: &'e Interrupts,
    /// What the engine makes of it.
    pub(crate) details: Details,
}

impl Plan {
    /// Understands the words after `run` as the engine does.
    pub(crate) fn of(engine: &Engine, words: &[OsString]) -> Result<Self, CommandError> {
        let (run, create) = (options(engine, "run")?, options(engine, "create")?);
        Self::new(&run, &create, words).map_err(CommandError::user)
    }
}

impl<'e> Wanted<'e> {
    /// Has the engine make it, which fetches its image if need be, looks at it and removes it.
    pub(crate) fn new(
        engine: &'e Engine,
        plan: &'e Plan,
        interrupts: &'e Interrupts,
    ) -> Result<Self, CommandError> {
        let details = trial(engine, plan, interrupts).map_err(failure)?;
        Ok(Self {
            engine,
            plan,
            interrupts,
            details,
        })
    }

    /// The program that goes in must be for the image's machine.
    pub(crate) fn check_architecture(&self, binary: &StaticBinary) -> Result<(), CommandError> {
        let image = self.engine.architecture_of_image(&self.details.image_id());
        let image = image.map_err(failure)?;
        match binary.arch.and_then(Arch::goarch) {
            Some(known) if !image.is_empty() && known != image => Err(CommandError::user(format!(
                "the image is for {image}, and what goes into it for {known}"
            ))
            .unable()
            .hint("run it on a machine of that kind, or name a callsieve for it with `--binary`")),
            _ => Ok(()),
        }
    }

    /// Makes it with a guest: `program` and `files` are copied into it, and what runs is the
    /// program with the words that `guest` makes (it is told where the files lie), then the
    /// command as the engine would have run it.
    pub(crate) fn inject(
        &self,
        program: File,
        files: &[PathBuf],
        guest: impl FnOnce(&[String]) -> Vec<OsString>,
    ) -> Result<Container<'e>, CommandError> {
        let read_only = self.details.is_read_only();
        let packed = pack(program, files, !read_only);
        let (archive, places) =
            packed.map_err(|error| CommandError::input("can't pack what goes into it", &error))?;
        let command = self.details.command();
        if command.is_empty() {
            return Err(CommandError::user(
                "the image names no program, and neither does the command line",
            )
            .exits(Exit::Status(125)));
        }
        let mut words = guest(&places);
        words.extend(command.into_iter().map(OsString::from));
        let words = self.plan.with_guest(&words, read_only);
        let container = self
            .engine
            .create(words, self.interrupts)
            .map_err(failure)?;
        let folder = if read_only { FOLDER } else { "/" };
        container.copy_in(archive, folder).map_err(failure)?;
        Ok(container)
    }
}

/// The options of a command of the engine, from its help.
fn options(engine: &Engine, command: &str) -> Result<Options, CommandError> {
    let help = engine.call([command, "--help"]).text()?;
    Ok(Options::of_help(&help))
}

/// What the engine makes of the user's words.
fn trial(engine: &Engine, plan: &Plan, interrupts: &Interrupts) -> Result<Details, EngineError> {
    let made = engine
        .create(plan.trial(), interrupts)
        .and_then(|container| {
            let details = container.inspect()?;
            container.remove()?;
            Ok(details)
        });
    if let Err(EngineError::Interrupted { .. }) = made {
        // The daemon may have made it all the same.
        engine.remove(&trial_name().to_string_lossy())?;
    }
    made
}

/// As `docker run` ends if its engine refuses something.
pub(crate) fn failure(error: EngineError) -> CommandError {
    let exit = match &error {
        EngineError::NotInstalled { .. }
        | EngineError::NoDaemon { .. }
        | EngineError::NotPermitted { .. } => Exit::NotPermitted,
        EngineError::Interrupted { signal, .. } => Exit::Status(128_u8.saturating_add(*signal)),
        EngineError::NoImage { .. }
        | EngineError::NoContainer { .. }
        | EngineError::Refused { .. }
        | EngineError::Late { .. }
        | EngineError::TooMuch { .. }
        | EngineError::NotUnderstood { .. }
        | EngineError::Io { .. } => Exit::Status(125),
    };
    CommandError::from(error).exits(exit)
}
