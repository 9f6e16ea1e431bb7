//! What is to be tried, as the user says it.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use super::{Plan, Probe};
use crate::cli::commands::record::duration;
use crate::cli::engine_command::{Details, Engine, Kind, Options, Words, probe_command};
use crate::cli::error::CommandError;

/// Options of `verify` for a container.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "In a container")]
pub(crate) struct TrialArgs {
    /// Verify in a container of this image, with the engine's own loading of the profile: start
    /// it, run its health check and the probes inside, put it under load, stop it. COMMAND is
    /// what follows the image
    #[arg(long, value_name = "IMAGE")]
    pub(super) image: Option<OsString>,
    /// The engine; without it Docker, or Podman where there is no Docker
    #[arg(long, value_name = "ENGINE", requires = "image")]
    container_engine: Option<EngineArg>,
    /// An option for `run`, as one word: --run-option=--user=1000 (repeatable)
    #[arg(
        long,
        value_name = "OPTION",
        requires = "image",
        allow_hyphen_values = true
    )]
    run_option: Vec<OsString>,
    /// Run this inside once the container runs, as a health check would be: a line for /bin/sh, or
    /// a JSON array of words (repeatable)
    #[arg(long, value_name = "CMD", requires = "image")]
    probe: Vec<String>,
    /// Run this line in a shell of this machine while the container runs; it finds the container's
    /// id in `CALLSIEVE_CONTAINER` (repeatable)
    #[arg(long, value_name = "CMD", requires = "image")]
    load: Vec<String>,
    /// How long it has to run to count as started, where there is no probe
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "2s", requires = "image")]
    settle: Duration,
    /// How long a probe is tried again until it succeeds, and how long a load may take
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30s", requires = "image")]
    timeout: Duration,
    /// The static callsieve that goes into the container to see what is refused; without it, this
    /// one or `callsieve-static` beside it
    #[arg(long, value_name = "FILE", requires = "image")]
    pub(super) binary: Option<PathBuf>,
}

/// An engine.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum EngineArg {
    Docker,
    Podman,
}

/// What the options for `run` say that a profile depends on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Container {
    pub(super) no_new_privileges: bool,
    pub(super) init: bool,
    pub(super) cap_add: Vec<String>,
    pub(super) cap_drop: Vec<String>,
}

impl TrialArgs {
    /// Whether a container is asked for.
    pub(crate) const fn is_asked(&self) -> bool {
        self.image.is_some()
    }

    /// The engine to be asked.
    pub(super) fn engine(&self) -> Engine {
        let kind = match self.container_engine {
            Some(EngineArg::Docker) => Kind::Docker,
            Some(EngineArg::Podman) => Kind::Podman,
            None => {
                let is_there = |kind: &&Kind| Engine::new(**kind, Vec::new()).is_installed();
                let first = Kind::ALL.iter().find(is_there);
                first.copied().unwrap_or(Kind::Docker)
            }
        };
        Engine::new(kind, Vec::new())
    }

    /// What is to be done, but for the image's health check.
    pub(super) fn plan(&self, command: &[OsString]) -> Result<Plan, CommandError> {
        let probe = |text: &String| {
            let words = probe_command(text)
                .map_err(|why| CommandError::user(format!("`--probe {text}`: {why}")))?;
            Ok(Probe {
                text: text.clone(),
                words,
            })
        };
        let probes: Result<Vec<Probe>, CommandError> = self.probe.iter().map(probe).collect();
        Ok(Plan {
            image: self.image.clone().unwrap_or_default(),
            options: self.run_option.clone(),
            command: command.to_vec(),
            probes: probes?,
            loads: self.load.clone(),
            settle: self.settle,
            patience: self.timeout,
            grace: Duration::from_secs(10),
        })
    }

    /// What the options for `run` say. Those that would not fit are errors.
    pub(super) fn container(&self, engine: &Engine) -> Result<Container, CommandError> {
        let help = engine.call(["create", "--help"]).text()?;
        let mut words = self.run_option.clone();
        words.extend(["--".into(), self.image.clone().unwrap_or_default()]);
        let words = Options::of_help(&help)
            .split(&words)
            .map_err(|why| CommandError::user(format!("`--run-option`: {why}")))?;
        container(&words)
    }
}

fn container(words: &Words) -> Result<Container, CommandError> {
    let mut container = Container {
        init: words.is_on("init"),
        ..Container::default()
    };
    if words.is_on("privileged") {
        return Err(CommandError::user(
            "a privileged container has no profile that could be verified",
        ));
    }
    for given in &words.options {
        let value = given.value.as_deref().unwrap_or_default().to_string_lossy();
        match given.name.as_str() {
            "security-opt" if value.starts_with("seccomp") => {
                return Err(CommandError::user(
                    "the profile is the one that is to be verified; leave `--security-opt seccomp` out",
                ));
            }
            "security-opt" => {
                let on = [
                    "no-new-privileges",
                    "no-new-privileges:true",
                    "no-new-privileges=true",
                ];
                container.no_new_privileges |= on.contains(&value.as_ref());
            }
            "cap-add" => container.cap_add.push(value.into_owned()),
            "cap-drop" => container.cap_drop.push(value.into_owned()),
            name @ ("rm" | "detach" | "name" | "cidfile" | "entrypoint") => {
                return Err(CommandError::user(format!(
                    "`--run-option=--{name}`: two containers are made and removed, so that has no use here"
                )));
            }
            _ => {}
        }
    }
    Ok(container)
}

/// The image's health check as a probe.
pub(super) fn health(details: &Details) -> Option<Probe> {
    details.health().map(|health| Probe {
        text: "HEALTHCHECK".to_owned(),
        words: health.command,
    })
}

/// For `OsStr`s in options.
pub(super) fn options(name: &str, values: &[String]) -> Vec<OsString> {
    values
        .iter()
        .flat_map(|value| [OsStr::new(name).to_owned(), OsString::from(value)])
        .collect()
}
