//! The recorder behind the hook: one container, from before its program to its end.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use callsieve::record::{self, Containers, Control, Look, Tid, WatchContainers, Which, Why};

use super::log::Log;
use super::state::State;
use super::{READY, TOLD, folder, origin};
use crate::cli::containers::as_text;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::{commands, output};

/// How long after something new was seen it is written, at most: whoever ends the engine's
/// service may end this too.
const SOON: Duration = Duration::from_secs(1);
/// How often it is written otherwise.
const CHECKPOINT: Duration = Duration::from_secs(60);

/// What the hook hands over beside the state.
#[derive(Debug)]
pub(crate) struct Job {
    /// Where recordings go.
    pub(crate) folder: PathBuf,
    /// What the user wants to have written beside it.
    pub(crate) labels: BTreeMap<String, String>,
}

struct Recorder<'a> {
    job: &'a Job,
    state: &'a State,
    log: Log,
    /// The hook, until it was told.
    hook: Option<UnixStream>,
    /// The container did not wait.
    late: bool,
    /// How people know it, and what is written beside it.
    name: String,
    labels: BTreeMap<String, String>,
    /// What it is written to, once it was.
    path: Option<PathBuf>,
    /// Kinds of calls at the last writing, and when that was.
    written: (usize, Duration),
}

/// Records the container that the hook tells of, until it is over.
pub(crate) fn record(job: &Job) -> Result<Exit, CommandError> {
    let mut hook = std::io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map(UnixStream::from)
        .map_err(|error| CommandError::user(format!("not called by the hook: {error}")))?;
    let mut text = Vec::new();
    hook.read_to_end(&mut text)
        .map_err(|error| CommandError::user(format!("not called by the hook: {error}")))?;
    let detached = record::detach(&hook);
    folder::prepare(&job.folder)?;
    let state = State::read(&text)?;
    let log = Log::new(&job.folder, &state.short_id());
    detached.map_err(|error| {
        log.line(&error.to_string());
        commands::record::failure(&error)
    })?;
    let mut recorder = Recorder {
        job,
        state: &state,
        log,
        hook: Some(hook),
        late: false,
        name: state.short_id(),
        labels: BTreeMap::new(),
        path: None,
        written: (0, Duration::ZERO),
    };
    // A short one is gone afterwards, with what its engine kept of it.
    recorder.learn();
    let pid = Tid(state.pid);
    let mut recorded = recorder.which(Which::Starting(pid));
    if recorder.late {
        recorder
            .log
            .line("the container did not wait; its recording is incomplete");
        recorded = recorder.which(Which::NamespaceOf(pid));
    }
    if let Err(error) = &recorded {
        recorder.tell(error);
    }
    recorded.map(|()| Exit::Done)
}

impl Recorder<'_> {
    fn which(&mut self, which: Which) -> Result<(), CommandError> {
        let containers = Containers {
            which,
            labels: BTreeMap::new(),
        };
        let recorded = containers.record(self);
        recorded.map_err(|error| commands::record::failure(&error))
    }

    /// Writes down why nothing is recorded, or nothing more.
    fn tell(&mut self, error: &CommandError) {
        match self.hook.take() {
            Some(mut hook) => {
                self.log.line(&format!(
                    "{} runs without being recorded: {error}; `callsieve docker -- run` records without eBPF",
                    self.name
                ));
                // It ends by itself if it does not hear this.
                drop(hook.write_all(&[TOLD]));
            }
            None => self.log.line(&error.to_string()),
        }
    }

    /// What the engine calls it.
    fn learn(&mut self) {
        let known = origin::of(Path::new(&self.state.bundle), &self.state.id);
        self.labels = known
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        if let Some(name) = self.labels.get("container") {
            self.name.clone_from(name);
        }
        self.labels.insert(
            "container-id".to_owned(),
            self.state.id.chars().take(128).collect(),
        );
        self.labels.extend(self.job.labels.clone());
    }

    fn write(&mut self, text: &str) -> Result<PathBuf, CommandError> {
        if let Some(path) = &self.path {
            output::replace(path, text)?;
            return Ok(path.clone());
        }
        let name: String = self
            .name
            .chars()
            .map(|c| if c == '/' || c.is_control() { '_' } else { c })
            .collect();
        let name = name.trim_start_matches('.');
        let id = self.state.short_id();
        let stem = if name == id || name.is_empty() {
            id
        } else {
            format!("{name}-{id}")
        };
        // A container that is started again has the same number.
        let path = output::write_new(text, 0o600, |number| {
            let file = match number {
                1 => format!("{stem}.rec.json"),
                _ => format!("{stem}.{number}.rec.json"),
            };
            self.job.folder.join(file)
        })?;
        self.path = Some(path.clone());
        Ok(path)
    }
}

impl WatchContainers for Recorder<'_> {
    fn started(&mut self) -> Control {
        let Some(mut hook) = self.hook.take() else {
            return Control::Continue;
        };
        // A hook that has ended hears nothing: the container starts, or has.
        self.late = hook.write_all(&[READY]).is_err();
        if self.late {
            return Control::Enough;
        }
        Control::Continue
    }

    fn look(&mut self, look: &Look<'_>) -> Control {
        let Some(container) = look.containers.first() else {
            return Control::Continue;
        };
        let seen = look.observations(container, &self.name);
        let last = look.why == Why::End;
        let (kinds, at) = self.written;
        let waited = look.elapsed.saturating_sub(at);
        let due = (seen.kinds() != kinds && waited >= SOON) || waited >= CHECKPOINT;
        if seen.calls() == 0 {
            if last {
                self.log
                    .line("it ended before its program began; nothing was written");
            }
            return Control::Continue;
        }
        if !(last || due) {
            return Control::Continue;
        }
        self.written = (seen.kinds(), look.elapsed);
        let (text, complete) = as_text(&self.name, &self.labels, &seen, look.runtime(container));
        match self.write(&text) {
            Ok(path) if last => self.log.line(&format!(
                "{}: {} syscalls, {} calls{}; wrote {}",
                self.name,
                seen.kinds(),
                seen.calls(),
                if complete { "" } else { ", incomplete" },
                path.display()
            )),
            Ok(_) => {}
            // A full disk may have room again at the next look.
            Err(error) => self.log.line(&error.to_string()),
        }
        Control::Continue
    }
}
