//! Docker and Podman: whether they answer, what they start containers with, and what goes into them.

use std::thread;

use callsieve::profile::floor::{RuntimeFloor, Which};

use super::{Answer, Check, LIMIT, Purpose};
use crate::cli::engine_command::{Engine, EngineError, Kind, Version};
use crate::cli::{local_runtime, static_binary};

/// An engine that answered.
#[derive(Debug)]
struct Alive {
    version: Version,
    seccomp: bool,
}

/// Both engines.
#[derive(Debug, Default)]
pub(crate) struct Engines {
    asked: Vec<(Kind, Result<Alive, EngineError>)>,
}

impl Engines {
    /// Asks both at once.
    pub(super) fn ask() -> Self {
        let asked = thread::scope(|scope| {
            let asked: Vec<_> = Kind::ALL
                .into_iter()
                .map(|kind| (kind, scope.spawn(move || ask(kind))))
                .collect();
            asked
                .into_iter()
                .filter_map(|(kind, thread)| Some((kind, thread.join().ok()?)))
                .collect()
        });
        Self { asked }
    }

    /// What can be done with them.
    pub(super) fn checks(&self) -> Vec<Check> {
        let mut checks: Vec<Check> = self
            .asked
            .iter()
            .map(|(kind, asked)| records(*kind, asked.as_ref()))
            .collect();
        checks.push(self.image());
        checks
    }

    /// Whether a profile can be tried in a container.
    fn image(&self) -> Check {
        let check = |answer, why, todo| Check {
            name: "image",
            purpose: Purpose::Verify,
            command: "callsieve verify PROFILE --image IMAGE",
            answer,
            why,
            todo,
        };
        let alive = || {
            let asked = self.asked.iter();
            asked.filter_map(|(kind, asked)| Some((kind, asked.as_ref().ok()?)))
        };
        let Some((kind, it)) = alive().find(|(_, it)| it.seccomp) else {
            return match alive().next() {
                Some((kind, _)) => check(
                    Answer::No,
                    format!("{} confines nothing: it has no seccomp", kind.name()),
                    Some(
                        "install an engine built with seccomp, on a kernel that has it".to_owned(),
                    ),
                ),
                None => check(
                    Answer::No,
                    "no engine answers".to_owned(),
                    Some("see docker and podman above".to_owned()),
                ),
            };
        };
        let starts = started_with(*kind, &it.version);
        if let Err(error) = static_binary::find(None) {
            let why =
                format!("{starts}; what a program that copes was refused is not seen: {error}");
            return check(Answer::Limited, why, error.hints().first().cloned());
        }
        match unmeasured(*kind, &it.version) {
            None => check(Answer::Yes, starts, None),
            Some(todo) => check(
                Answer::Limited,
                format!("{starts}, whose own calls were not measured"),
                Some(todo),
            ),
        }
    }
}

fn ask(kind: Kind) -> Result<Alive, EngineError> {
    let engine = Engine::new(kind, Vec::new()).within(LIMIT);
    let version = engine.version()?;
    let seccomp = engine.has_seccomp()?;
    Ok(Alive { version, seccomp })
}

/// Whether the engine's containers can be recorded from inside.
fn records(kind: Kind, asked: Result<&Alive, &EngineError>) -> Check {
    let (name, command) = match kind {
        Kind::Docker => ("docker", "callsieve docker -- run ... IMAGE"),
        Kind::Podman => ("podman", "callsieve podman -- run ... IMAGE"),
    };
    let check = |answer, why, todo| Check {
        name,
        purpose: Purpose::Record,
        command,
        answer,
        why,
        todo,
    };
    let it = match asked {
        Ok(it) => it,
        Err(EngineError::Io { engine, source }) => {
            let why = format!("{engine} can't be started: {source}");
            return check(Answer::No, why, None);
        }
        Err(error) => return check(Answer::No, error.to_string(), todo(kind, error)),
    };
    let starts = started_with(kind, &it.version);
    if let Err(error) = static_binary::find(None) {
        let todo = error.hints().first().cloned();
        return check(Answer::No, format!("{starts}; {error}"), todo);
    }
    match unmeasured(kind, &it.version) {
        None => check(Answer::Yes, starts, None),
        Some(todo) => check(
            Answer::Limited,
            format!("{starts}, whose own calls were not measured"),
            Some(todo),
        ),
    }
}

/// What would make an engine answer.
fn todo(kind: Kind, error: &EngineError) -> Option<String> {
    let text = match (kind, error) {
        (Kind::Docker, EngineError::NotInstalled { .. }) => {
            "install it (Debian: sudo apt install docker.io)"
        }
        (Kind::Podman, EngineError::NotInstalled { .. }) => {
            "install it (Debian: sudo apt install podman)"
        }
        (Kind::Docker, EngineError::NoDaemon { .. } | EngineError::Late { .. }) => {
            "sudo systemctl restart docker, or name another with DOCKER_HOST"
        }
        (Kind::Podman, EngineError::NoDaemon { .. } | EngineError::Late { .. }) => {
            "podman info, which says what it waits for"
        }
        (Kind::Docker, EngineError::NotPermitted { .. }) => {
            "sudo callsieve ..., or sudo usermod -aG docker \"$USER\" and a new login"
        }
        (Kind::Podman, EngineError::NotPermitted { .. }) => "sudo callsieve ...",
        (_, _) => return None,
    };
    Some(text.to_owned())
}

/// `docker 28.2.2 starts containers with runc 1.2.6`
fn started_with(kind: Kind, version: &Version) -> String {
    let words = [
        kind.name(),
        &version.engine,
        "starts containers with",
        &version.runtime,
        &version.runtime_version,
    ];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// What to do if it is not known what the runtime itself calls.
fn unmeasured(kind: Kind, version: &Version) -> Option<String> {
    let (runtime, text) = (&version.runtime, &version.runtime_version);
    let measure = || Some(format!("callsieve floor measure --runtime {runtime}"));
    match local_runtime::floor_of(kind.name(), runtime, text) {
        Err(_) => {
            Some("callsieve generate --runtime-floor runc+crun, and try the profile".to_owned())
        }
        Ok(floor) if is_known(&floor) => None,
        Ok(_) => measure(),
    }
}

/// Whether it is of a version that was measured.
fn is_known(floor: &RuntimeFloor) -> bool {
    let named = |(_, which)| which != Which::Any;
    floor.runtimes().all(named) && floor.unmeasured().is_empty()
}
