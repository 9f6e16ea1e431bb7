//! The command of a container engine, `docker` or `podman`: what it is asked, in bounded time and
//! space, and its errors as values.
//!
//! The command is the one in `PATH`. What else decides whom it asks (`DOCKER_HOST`, contexts,
//! `CONTAINERS_CONF`) is its own affair, and is the same for every call; options of the engine
//! itself (`--context`, `--cgroup-manager`) are given to each.

mod call;
mod container;
mod details;
mod error;
mod interrupts;
mod options;
mod probe;

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use serde_json::Value;

pub(crate) use call::{Answer, Call, this_program};
pub(crate) use container::Container;
pub(crate) use details::Details;
pub(crate) use error::EngineError;
pub(crate) use interrupts::{Interrupt, Interrupts};
pub(crate) use options::{Given, Options, Words};
pub(crate) use probe::probe_command;

/// Which engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `docker`
    Docker,
    /// `podman`
    Podman,
}

/// An engine that can be asked.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    kind: Kind,
    /// Options of the engine itself, which stand before its command.
    globals: Vec<OsString>,
    /// How long each of its commands may take if nothing else is said.
    patience: Duration,
}

/// What an engine is.
#[expect(
    clippy::struct_field_names,
    reason = "it is the version of the runtime, and `runtime` is its name"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// The engine's own: `20.10.24`.
    pub(crate) engine: String,
    /// The runtime that it starts containers with if nothing else is said: `runc`.
    pub(crate) runtime: String,
    /// Its version, if the engine says.
    pub(crate) runtime_version: String,
}

impl Kind {
    /// The engines in the order in which they are asked.
    pub(crate) const ALL: [Self; 2] = [Self::Docker, Self::Podman];

    /// The name of the engine and of its command.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }
}

impl Engine {
    /// An engine, with the options that each of its commands is given. Asks nothing.
    pub(crate) const fn new(kind: Kind, globals: Vec<OsString>) -> Self {
        Self {
            kind,
            globals,
            patience: call::LIMIT,
        }
    }

    /// One that is not waited for as long.
    pub(crate) const fn within(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Which one it is.
    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    /// Its name.
    pub(crate) const fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// Whether its command is there.
    pub(crate) fn is_installed(&self) -> bool {
        let asked = self.call(["--version"]).answer();
        !matches!(asked, Err(EngineError::NotInstalled { .. }))
    }

    /// A command of it.
    pub(crate) fn call<S: AsRef<OsStr>>(
        &self,
        words: impl IntoIterator<Item = S>,
    ) -> Call<'static> {
        Call::new(self.name(), &self.globals, words).within(self.patience)
    }

    /// Its version and its runtime's. Asks the daemon, so that one which does not answer is told
    /// before anything is begun.
    pub(crate) fn version(&self) -> Result<Version, EngineError> {
        match self.kind {
            Kind::Docker => self.docker_version(),
            Kind::Podman => self.podman_version(),
        }
    }

    /// Whether it confines containers with seccomp at all, as far as it says.
    pub(crate) fn has_seccomp(&self) -> Result<bool, EngineError> {
        match self.kind {
            Kind::Docker => {
                let options = self.json(["info", "--format", "{{json .SecurityOptions}}"])?;
                let all = options.as_array();
                let named = |it: &Value| it.as_str().is_some_and(|it| it.contains("name=seccomp"));
                Ok(all.is_some_and(|all| all.iter().any(named)))
            }
            Kind::Podman => {
                let info = self.json(["info", "--format", "json"])?;
                let enabled = info.pointer("/host/security/seccompEnabled");
                Ok(enabled.and_then(Value::as_bool).unwrap_or_default())
            }
        }
    }

    fn docker_version(&self) -> Result<Version, EngineError> {
        let about = self.json(["version", "--format", "{{json .Server}}"])?;
        let info = self.json(["info", "--format", "{{json .DefaultRuntime}}"])?;
        let named = info.as_str().unwrap_or_default();
        // containerd's name of it: io.containerd.runc.v2.
        let runtime = match named.strip_prefix("io.containerd.") {
            Some(rest) => rest.split('.').next().unwrap_or(rest),
            None => named,
        };
        let components = about.get("Components").and_then(Value::as_array);
        let version = components.into_iter().flatten().find_map(|it| {
            let same = it.get("Name")?.as_str()? == runtime;
            same.then(|| it.get("Version")?.as_str().map(str::to_owned))?
        });
        Ok(Version {
            engine: plain(text(&about, "Version")),
            runtime: runtime.to_owned(),
            runtime_version: plain(&version.unwrap_or_default()),
        })
    }

    fn podman_version(&self) -> Result<Version, EngineError> {
        let info = self.json(["info", "--format", "json"])?;
        let of = |path: &str| {
            let found = info.pointer(path).and_then(Value::as_str);
            found.unwrap_or_default().to_owned()
        };
        // `crun version 1.8.1`, and more lines.
        let runtime_version = of("/host/ociRuntime/version");
        let mut words = runtime_version.split_whitespace();
        let version = words.find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        Ok(Version {
            engine: plain(&of("/version/Version")),
            runtime: of("/host/ociRuntime/name"),
            runtime_version: plain(version.unwrap_or_default()),
        })
    }

    /// What it says of a container.
    pub(crate) fn inspect(&self, id: &str) -> Result<Details, EngineError> {
        let words = [
            "inspect",
            "--type",
            "container",
            "--format",
            "{{json .}}",
            "--",
            id,
        ];
        // Podman 4 prints a list of one.
        let mut value = self.json(words)?;
        if let Some(first) = value.get_mut(0) {
            value = first.take();
        }
        serde_json::from_value(value).map_err(|_error| self.not_understood("inspect"))
    }

    /// The machine that an image is for, in Go's words: `amd64`.
    pub(crate) fn architecture_of_image(&self, image: &str) -> Result<String, EngineError> {
        let words = [
            "image",
            "inspect",
            "--format",
            "{{json .Architecture}}",
            "--",
            image,
        ];
        let value = self.json(words)?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// Makes a container: `create WORDS`. Getting its image may take a while, which the user can
    /// cut short.
    pub(crate) fn create<S: AsRef<OsStr>>(
        &self,
        words: impl IntoIterator<Item = S>,
        interrupts: &Interrupts,
    ) -> Result<Container<'_>, EngineError> {
        let mut all = vec![OsStr::new("create").to_owned()];
        all.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        let said = self.call(all).until(interrupts).text()?;
        // Podman may say more before it.
        let id = said.lines().next_back().unwrap_or_default().trim();
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.not_understood("create"));
        }
        Ok(Container::new(self, id.to_owned()))
    }

    /// Ends and removes a container and its anonymous volumes. One that is not there is fine.
    pub(crate) fn remove(&self, id: &str) -> Result<(), EngineError> {
        let call = self.call(["rm", "--force", "--volumes", "--", id]);
        match call.within(Duration::from_secs(120)).text() {
            Ok(_) | Err(EngineError::NoContainer { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn json<S: AsRef<OsStr>>(
        &self,
        words: impl IntoIterator<Item = S>,
    ) -> Result<Value, EngineError> {
        let mut words = words.into_iter().peekable();
        let what = words
            .peek()
            .map(|word| word.as_ref().to_string_lossy().into_owned());
        let text = self.call(words).text()?;
        serde_json::from_str(&text).map_err(|_error| self.not_understood(&what.unwrap_or_default()))
    }

    fn not_understood(&self, what: &str) -> EngineError {
        EngineError::NotUnderstood {
            engine: self.name(),
            what: what.to_owned(),
        }
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A version without what a distribution adds: `20.10.24+dfsg1`.
fn plain(version: &str) -> String {
    let end = version.find(['+', '~']).unwrap_or(version.len());
    version.get(..end).unwrap_or_default().to_owned()
}
