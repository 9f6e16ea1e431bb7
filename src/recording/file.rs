//! Recordings as files: JSON, versioned, read strictly, the same bytes for the same content.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::{Caller, Executable, Observed, Recording, Run, RunId, wire};
use crate::arch::Arch;
use crate::event::{ArgFacts, ArgValue, CallId, Example, Gap, Outcome, Skip, Tally};
use crate::syscalls::SyscallName;

/// The value of `format` by which a recording is told from other JSON.
const FORMAT: &str = "callsieve-recording";
/// The newest version that this release writes, where a recording needs it; it reads every version
/// with the same major number up to this one.
pub const SUPPORTED: FormatVersion = FormatVersion { major: 1, minor: 3 };
/// The version of recordings without times and ancestors of programs.
const WITHOUT_TIMES: FormatVersion = FormatVersion { major: 1, minor: 2 };
/// The version of those that were not taken under a profile either.
const WITHOUT_PROFILE: FormatVersion = FormatVersion { major: 1, minor: 1 };
/// Larger files are refused. A recording of 1000 programs with 400 calls each has some 60 MB.
const MAX_SIZE: usize = 256 << 20;

/// The version of the file format. A new minor version adds fields; a new major one changes what
/// is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FormatVersion {
    /// Changes of what is there.
    pub major: u32,
    /// Additions.
    pub minor: u32,
}

impl FormatVersion {
    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    }

    /// Whether a release that supports `supported` reads a file of this version.
    fn check_readable_by(self, supported: Self) -> Result<(), FileError> {
        if self.major == supported.major && self.minor <= supported.minor {
            Ok(())
        } else {
            Err(FileError::Version { found: self })
        }
    }
}

impl fmt::Display for FormatVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Why a file is no recording that can be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It has another version.
    #[error(
        "recording format {found} is not supported: this release reads {}.0 to {SUPPORTED}; a newer callsieve reads it",
        SUPPORTED.major
    )]
    Version {
        /// Its version.
        found: FormatVersion,
    },
    /// It is too large.
    #[error("a recording of {size} bytes is over the limit of {MAX_SIZE}")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
    },
    /// It is no JSON, or not of this shape. The message names line and column.
    #[error("not a recording: {0}")]
    Json(String),
    /// A value in it makes no sense.
    #[error("not a recording: {what} `{}`{}", value.escape_debug(), within(run))]
    Value {
        /// What it should be.
        what: &'static str,
        /// What it is.
        value: String,
        /// The run it stands in.
        run: String,
    },
    /// A run was changed after it was written.
    #[error("run {run} does not have the content it was named for: the file was edited or damaged")]
    Changed {
        /// The name of the run.
        run: RunId,
    },
}

fn within(run: &str) -> String {
    if run.is_empty() {
        String::new()
    } else {
        format!(" in run {}", run.escape_debug())
    }
}

/// Whether bytes look like a recording rather than a profile or a log.
pub fn looks_like_recording(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(256)).unwrap_or_default();
    memchr::memmem::find(head, FORMAT.as_bytes()).is_some()
        && head.trim_ascii_start().starts_with(b"{")
}

/// Writes a recording: one value a line, two blanks a level, keys sorted, a line end at the end.
pub fn write(recording: &Recording) -> String {
    let under = |run: &Run| run.capture.as_ref().is_some_and(|it| it.under.is_some());
    let version = if recording.runs.values().any(needs_newest) {
        SUPPORTED
    } else if recording.runs.values().any(under) {
        WITHOUT_TIMES
    } else {
        WITHOUT_PROFILE
    };
    let file = wire::File {
        format: FORMAT.to_owned(),
        version: version.to_string(),
        runs: recording
            .runs
            .iter()
            .map(|(id, run)| (id.to_string(), to_wire(run)))
            .collect(),
    };
    // Maps with string keys and numbers always serialise.
    let mut text = serde_json::to_string_pretty(&file).unwrap_or_default();
    text.push('\n');
    text
}

fn needs_newest(run: &Run) -> bool {
    if run
        .capture
        .as_ref()
        .is_some_and(|it| !it.runtime.is_empty())
    {
        return true;
    }
    let mut calls = run.calls.values().flat_map(BTreeMap::values);
    calls.any(|observed| observed.since_start.is_some())
        || run.executables.values().any(|it| !it.started_by.is_empty())
}

/// Reads a recording. Unknown fields, names and numbers out of range are errors.
pub fn read(bytes: &[u8]) -> Result<Recording, FileError> {
    if bytes.len() > MAX_SIZE {
        return Err(FileError::TooLarge { size: bytes.len() });
    }
    // The version first: a newer file may have fields that this release does not know.
    let head: Head =
        serde_json::from_slice(bytes).map_err(|error| FileError::Json(error.to_string()))?;
    if head.format != FORMAT {
        return Err(bad("format", &head.format, ""));
    }
    let version =
        FormatVersion::parse(&head.version).ok_or_else(|| bad("version", &head.version, ""))?;
    version.check_readable_by(SUPPORTED)?;
    let file: wire::File =
        serde_json::from_slice(bytes).map_err(|error| FileError::Json(error.to_string()))?;
    let mut runs = BTreeMap::new();
    for (name, run) in file.runs {
        let id = RunId::parse(&name).ok_or_else(|| bad("name of a run", &name, ""))?;
        let run = from_wire(run, &name)?;
        if run.id() != id {
            return Err(FileError::Changed { run: id });
        }
        runs.insert(id, run);
    }
    Ok(Recording { runs })
}

#[derive(serde::Deserialize)]
struct Head {
    format: String,
    version: String,
}

pub(super) fn bad(what: &'static str, value: &str, run: &str) -> FileError {
    FileError::Value {
        what,
        value: value.chars().take(80).collect(),
        run: run.chars().take(80).collect(),
    }
}

impl Run {
    /// The name that the content gives.
    pub fn id(&self) -> RunId {
        let mut wire = to_wire(self);
        wire.files = Vec::new();
        let text = serde_json::to_string(&wire).unwrap_or_default();
        let hash = Sha256::digest(text.as_bytes());
        let mut id = [0; 16];
        id.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        RunId(id)
    }
}

fn to_wire(run: &Run) -> wire::Run {
    let file_of = |name: &str| {
        run.files
            .iter()
            .position(|file| file == name)
            .unwrap_or_default()
    };
    wire::Run {
        source: run.source.clone(),
        files: run.files.clone(),
        complete: run.tally.gaps.is_empty(),
        gaps: run
            .tally
            .gaps
            .iter()
            .map(|gap| gap.key().to_owned())
            .collect(),
        lines: run.tally.lines,
        calls: run.tally.calls,
        skipped: run
            .tally
            .skipped
            .iter()
            .map(|(s, n)| (s.key().to_owned(), *n))
            .collect(),
        not_understood: run
            .tally
            .examples
            .iter()
            .map(|e| wire::Example {
                file: file_of(&e.file),
                line: e.line,
                text: e.text.clone(),
                shape: e.shape.clone(),
                lines: e.lines,
            })
            .collect(),
        executables: run
            .executables
            .iter()
            .map(|(name, e)| {
                (
                    name.clone(),
                    wire::Executable {
                        processes: e.processes,
                        pid: e.pid,
                        names: e.names.clone(),
                        ends: e.ends.clone(),
                        started_by: e.started_by.clone(),
                    },
                )
            })
            .collect(),
        syscalls: run
            .calls
            .iter()
            .map(|(arch, calls)| {
                let calls = calls
                    .iter()
                    .map(|(call, observed)| (call.to_string(), observed_to_wire(observed)))
                    .collect();
                (arch.name().to_owned(), calls)
            })
            .collect(),
        recorder: run.capture.as_ref().map(super::recorder::to_wire),
    }
}

fn observed_to_wire(observed: &Observed) -> wire::Observed {
    wire::Observed {
        calls: observed.calls,
        either: observed.either,
        outcomes: observed
            .outcomes
            .iter()
            .map(|(o, n)| (o.key().to_owned(), *n))
            .collect(),
        by: observed
            .by
            .iter()
            .map(|(name, c)| {
                (
                    name.clone(),
                    wire::Caller {
                        calls: c.calls,
                        pid: c.pid,
                    },
                )
            })
            .collect(),
        first: wire::First {
            file: observed.first.0,
            line: observed.first.1,
            milliseconds: observed
                .since_start
                .map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        },
        args: observed
            .args
            .iter()
            .map(|(index, facts)| {
                let values = facts
                    .values
                    .iter()
                    .map(|(value, count)| {
                        let key = match value {
                            ArgValue::Number(number) => number.to_string(),
                            ArgValue::Text(text) => text.clone(),
                        };
                        (key, *count)
                    })
                    .collect();
                let values = wire::Argument {
                    values,
                    unseen: facts.unseen,
                    overflow: facts.overflow,
                };
                (index.to_string(), values)
            })
            .collect(),
    }
}

fn from_wire(wire: wire::Run, name: &str) -> Result<Run, FileError> {
    let gaps = wire
        .gaps
        .iter()
        .map(|key| Gap::from_key(key).ok_or_else(|| bad("gap", key, name)))
        .collect::<Result<BTreeSet<_>, _>>()?;
    let skipped = wire
        .skipped
        .into_iter()
        .map(|(key, count)| {
            Ok((
                Skip::from_key(&key).ok_or_else(|| bad("reason", &key, name))?,
                count,
            ))
        })
        .collect::<Result<_, _>>()?;
    // Not part of the run's name, as it follows from the gaps.
    if wire.complete != gaps.is_empty() {
        return Err(bad("value of `complete`", &wire.complete.to_string(), name));
    }
    let files = wire.files;
    let examples = wire
        .not_understood
        .into_iter()
        .map(|e| Example {
            file: files.get(e.file).cloned().unwrap_or_default(),
            line: e.line,
            text: e.text,
            shape: e.shape,
            lines: e.lines,
        })
        .collect();
    let mut calls = BTreeMap::new();
    for (arch, observed) in wire.syscalls {
        let arch = Arch::ALL
            .into_iter()
            .find(|known| known.name() == arch)
            .ok_or_else(|| bad("architecture", &arch, name))?;
        let observed = observed
            .into_iter()
            .map(|(call, observed)| {
                let id = call_id(&call).ok_or_else(|| bad("system call", &call, name))?;
                Ok((id, observed_from_wire(observed, name)?))
            })
            .collect::<Result<BTreeMap<_, _>, FileError>>()?;
        calls.insert(arch, observed);
    }
    Ok(Run {
        source: wire.source,
        files,
        tally: Tally {
            lines: wire.lines,
            calls: wire.calls,
            skipped,
            examples,
            gaps,
        },
        executables: wire
            .executables
            .into_iter()
            .map(|(name, e)| {
                (
                    name,
                    Executable {
                        processes: e.processes,
                        pid: e.pid,
                        names: e.names,
                        ends: e.ends,
                        started_by: e.started_by,
                    },
                )
            })
            .collect(),
        capture: wire
            .recorder
            .map(|recorder| super::recorder::from_wire(recorder, name))
            .transpose()?,
        calls,
    })
}

pub(super) fn call_id(text: &str) -> Option<CallId> {
    match text.strip_prefix('#') {
        Some(number) => Some(CallId::Number(number.parse().ok()?)),
        None => Some(CallId::Name(SyscallName::new(text).ok()?)),
    }
}

fn observed_from_wire(wire: wire::Observed, run: &str) -> Result<Observed, FileError> {
    let outcomes = wire
        .outcomes
        .into_iter()
        .map(|(key, count)| {
            Ok((
                Outcome::from_key(&key).ok_or_else(|| bad("outcome", &key, run))?,
                count,
            ))
        })
        .collect::<Result<_, FileError>>()?;
    let args = wire
        .args
        .into_iter()
        .map(|(index, values)| {
            let position = index.parse().ok().filter(|position| *position < 6);
            let position: u8 = position.ok_or_else(|| bad("argument", &index, run))?;
            let facts = ArgFacts {
                values: values
                    .values
                    .into_iter()
                    .map(|(text, count)| {
                        let value = match text.parse() {
                            // `08` is text, as a number is written in one way.
                            Ok(number) if u64::to_string(&number) == text => {
                                ArgValue::Number(number)
                            }
                            _ => ArgValue::Text(text),
                        };
                        (value, count)
                    })
                    .collect(),
                unseen: values.unseen,
                overflow: values.overflow,
            };
            Ok((position, facts))
        })
        .collect::<Result<_, FileError>>()?;
    Ok(Observed {
        calls: wire.calls,
        either: wire.either,
        outcomes,
        by: wire
            .by
            .into_iter()
            .map(|(name, c)| {
                (
                    name,
                    Caller {
                        calls: c.calls,
                        pid: c.pid,
                    },
                )
            })
            .collect(),
        args,
        first: (wire.first.file, wire.first.line),
        since_start: wire.first.milliseconds.map(Duration::from_millis),
    })
}
