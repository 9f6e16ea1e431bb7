//! Containers recorded from outside, each to a file of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use callsieve::event::RuntimeCalls;
use callsieve::record::{
    Contained, Containers, Control, Look, Observations, RecordError, WatchContainers, Which, Why,
};
use callsieve::recording::{self, Recording, RunBuilder};

use super::engine_command::{Details, Engine, EngineError, Kind};
use super::error::CommandError;
use super::exit::Exit;
use super::render::screen::Limits;
use super::render::{self, counted, printable, safe};
use super::ui::Ui;
use super::{commands, output};

/// Where recordings go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// One, to this file; the next, after SIGHUP, to one with a number in its name.
    File(PathBuf),
    /// One for each container, to this folder.
    Folder(PathBuf),
}

/// What is recorded, and how people know it.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) which: Which,
    /// The name of the one, if it is one.
    pub(crate) label: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) place: Place,
    pub(crate) limits: Limits,
}

/// A container with a name and a file.
#[derive(Debug, Clone)]
struct Named {
    label: String,
    labels: BTreeMap<String, String>,
    path: PathBuf,
}

/// Names containers, and writes what was seen of them.
struct Writer<'a> {
    job: &'a Job,
    ui: &'a Ui,
    named: BTreeMap<u32, Named>,
    /// Namespaces that belong to no container.
    others: BTreeSet<u32>,
    /// Files that this process has written.
    written: BTreeSet<PathBuf>,
    incomplete: bool,
    /// When checkpoints were written.
    checkpoint: Duration,
    /// How many kinds of calls there were, and since when.
    kinds: (usize, Duration),
    failed: Option<CommandError>,
}

/// Records until somebody has enough.
pub(crate) fn record(job: &Job, ui: &Ui) -> Result<Exit, CommandError> {
    match &job.place {
        Place::File(path) => output::check(path)?,
        Place::Folder(folder) => {
            std::fs::create_dir_all(folder).map_err(|error| {
                CommandError::write(&format!("to `{}`", folder.display()), &error)
            })?;
            output::check(&folder.join("container.rec.json"))?;
        }
    }
    let containers = Containers {
        which: job.which.clone(),
        labels: BTreeMap::new(),
    };
    let mut writer = Writer {
        job,
        ui,
        named: BTreeMap::new(),
        others: BTreeSet::new(),
        written: BTreeSet::new(),
        incomplete: false,
        checkpoint: Duration::ZERO,
        kinds: (0, Duration::ZERO),
        failed: None,
    };
    let recorded = containers.record(&mut writer);
    if let Some(error) = writer.failed {
        return Err(error.exits(Exit::Status(125)));
    }
    recorded.map_err(|error: RecordError| commands::record::failure(&error))?;
    if !writer.others.is_empty() {
        let count = u64::try_from(writer.others.len()).unwrap_or(u64::MAX);
        ui.note(&format!(
            "Left out: {} of no container.",
            counted(count, "mount namespaces")
        ));
    }
    if writer.written.is_empty() {
        ui.note("No container was seen; nothing was written.");
    }
    Ok(if writer.incomplete {
        Exit::Incomplete
    } else {
        Exit::Done
    })
}

impl Writer<'_> {
    /// The name and the file of a container; none for what is no container.
    fn name(&mut self, of: &Contained) -> Option<Named> {
        if let Some(named) = self.named.get(&of.number) {
            return Some(named.clone());
        }
        let named = match &self.job.place {
            Place::File(path) => Named {
                label: self.job.label.clone(),
                labels: self.job.labels.clone(),
                path: self.free(path),
            },
            Place::Folder(folder) => {
                let id = of.id.as_ref()?;
                let mut labels = self.job.labels.clone();
                let mut label: String = id.chars().take(12).collect();
                let mut add = |key: &str, value: &str| {
                    labels.entry(key.to_owned()).or_insert(value.to_owned());
                };
                add("container-id", id);
                if let Some((kind, details)) = described(id) {
                    add("engine", kind.name());
                    add("image", details.image());
                    add("image-id", &details.image_id());
                    details.name().clone_into(&mut label);
                }
                add("container", &label);
                let file: String = label
                    .chars()
                    .map(|c| if c == '/' || c.is_control() { '_' } else { c })
                    .collect();
                Named {
                    path: self.free(&folder.join(format!("{file}.rec.json"))),
                    label,
                    labels,
                }
            }
        };
        self.ui.note(&format!(
            "{}: recording to {}",
            safe(&named.label),
            safe(&named.path.display().to_string())
        ));
        self.named.insert(of.number, named.clone());
        Some(named)
    }

    /// A file that this process has not written, and in a folder none that was there before.
    fn free(&self, path: &Path) -> PathBuf {
        let taken = |path: &Path| {
            self.written.contains(path)
                || self.named.values().any(|named| named.path == path)
                || (matches!(self.job.place, Place::Folder(_)) && path.exists())
        };
        output::next_free(path, taken)
    }

    fn write(&mut self, named: &Named, seen: &Observations, runtime: RuntimeCalls, last: bool) {
        let recording = recorded(&named.label, &named.labels, seen, runtime);
        let text = printable(recording::write(&recording));
        match output::write(Some(&named.path), &text, self.ui) {
            Ok(()) => {}
            // A full disk may have room again at the next checkpoint.
            Err(error) if !last => return self.ui.warn(&error.to_string()),
            Err(error) => {
                self.failed.get_or_insert(error);
                return;
            }
        }
        self.written.insert(named.path.clone());
        if last {
            self.incomplete |= recording.gaps().next().is_some();
            render::warn_of_losses(&recording, self.ui);
            self.ui.note(&format!(
                "{}: {}, {}; wrote {}",
                safe(&named.label),
                counted(u64::try_from(seen.kinds()).unwrap_or(u64::MAX), "syscalls"),
                counted(seen.calls(), "calls"),
                safe(&named.path.display().to_string())
            ));
        }
    }

    /// Tells of a runtime whose calls are not the container's.
    fn tell_runtime(&self, look: &Look<'_>, of: &Contained, named: &Named) {
        if !self.ui.verbose {
            return;
        }
        for (program, calls) in look.runtime(of) {
            let kinds: usize = calls.values().map(BTreeMap::len).sum();
            self.ui.note(&format!(
                "{}: {} of {}, which entered and executed nothing, are told apart",
                safe(&named.label),
                counted(u64::try_from(kinds).unwrap_or(u64::MAX), "syscalls"),
                safe(&program)
            ));
        }
    }
}

impl WatchContainers for Writer<'_> {
    fn look(&mut self, look: &Look<'_>) -> Control {
        let limits = self.job.limits;
        let due = limits
            .checkpoint
            .is_some_and(|every| look.elapsed.saturating_sub(self.checkpoint) >= every);
        if due {
            self.checkpoint = look.elapsed;
        }
        let mut kinds = 0;
        for container in look.containers {
            let Some(named) = self.name(container) else {
                self.others.extend(container.namespace);
                continue;
            };
            self.others.retain(|it| Some(*it) != container.namespace);
            let is_one = matches!(self.job.place, Place::File(_));
            let last = (container.over && !is_one) || look.why != Why::Tick;
            let quiet = limits.quiet.is_some();
            if !(last || due || quiet) {
                continue;
            }
            let seen = look.observations(container, &named.label);
            kinds += seen.kinds();
            if last || due {
                self.write(&named, &seen, look.runtime(container), last);
            }
            if last {
                self.tell_runtime(look, container, &named);
                self.named.remove(&container.number);
            }
        }
        if kinds > self.kinds.0 {
            self.kinds = (kinds, look.elapsed);
        }
        let over = |limit: Option<Duration>, since: Duration| {
            limit.is_some_and(|limit| look.elapsed.saturating_sub(since) >= limit)
        };
        let enough = over(limits.duration, Duration::ZERO) || over(limits.quiet, self.kinds.1);
        if enough || self.failed.is_some() {
            Control::Enough
        } else {
            Control::Continue
        }
    }
}

/// What was seen of a container, as a recording.
fn recorded(
    label: &str,
    labels: &BTreeMap<String, String>,
    seen: &Observations,
    runtime: RuntimeCalls,
) -> Recording {
    let mut capture = seen.capture().clone();
    capture.labels.clone_from(labels);
    capture.runtime = runtime;
    let mut run = RunBuilder::new("callsieve", vec![label.to_owned()]).captured(capture);
    let tally = seen.report(&mut run);
    Recording::of(run.finish(tally))
}

/// The same as a file's text; and whether it is complete.
pub(crate) fn as_text(
    label: &str,
    labels: &BTreeMap<String, String>,
    seen: &Observations,
    runtime: RuntimeCalls,
) -> (String, bool) {
    let recording = recorded(label, labels, seen, runtime);
    let complete = recording.gaps().next().is_none();
    (printable(recording::write(&recording)), complete)
}

/// What the first engine that knows a container says of it.
fn described(id: &str) -> Option<(Kind, Details)> {
    Kind::ALL.into_iter().find_map(|kind| {
        let described: Result<Details, EngineError> = Engine::new(kind, Vec::new()).inspect(id);
        described.ok().map(|details| (kind, details))
    })
}
