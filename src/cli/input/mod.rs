//! Opens what a user names, whatever it is: a recording, a trace, the files of an `-ff` set.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use callsieve::arch::Arch;
use callsieve::event::Gap;
use callsieve::formats;
use callsieve::ingest::{
    DETECT_BYTES, Explanation, Format, IngestError, Options, Source, explain, opened, read,
};
use callsieve::recording::{self, Recording, RunBuilder};

use super::error::CommandError;
use super::git::GitFile;
use super::render::safe;
use super::ui::Ui;

mod ahead;
mod follow;
mod groups;
mod progress;
mod together;

use ahead::Ahead;
use follow::Follow;
use groups::{Group, groups};
use progress::{Counted, Watcher};

/// How traces are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    /// The architecture for what they leave open.
    pub(crate) told: Option<Arch>,
    /// Their format, where it is not left to their content.
    pub(crate) from: Option<Format>,
    /// They grow, until a signal says that it is enough.
    pub(crate) follow: bool,
    /// How many threads read them.
    pub(crate) threads: usize,
}

impl Reading {
    /// As traces are read where nothing but their architecture can be said.
    pub(crate) fn of(told: Option<Arch>) -> Self {
        Self {
            told,
            from: None,
            follow: false,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// What was made of the lines of a trace.
#[derive(Debug)]
pub(crate) struct Explained {
    /// The trace.
    pub(crate) name: String,
    /// The format it was read as.
    pub(crate) format: Format,
    /// What was made of it.
    pub(crate) explanation: Explanation,
    /// Why it gave nothing in the end.
    pub(crate) failed: Option<CommandError>,
}

/// What goes with reading a few files.
struct Session {
    reading: Reading,
    watcher: Watcher,
    /// What was made of lines, if somebody wants to know.
    explained: Option<Vec<Explained>>,
    /// Profiles that are among them, with their places, where they may be.
    profiles: Option<Vec<FoundProfile>>,
}

/// Largest JSON file read into memory. Recordings have a limit of their own below it.
const MAX_JSON: u64 = 257 << 20;

/// Where input comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `-`
    Stdin,
    /// A file.
    File(PathBuf),
    /// `git:REV:PATH`
    Git(GitFile),
}

impl Origin {
    pub(crate) fn new(path: &Path) -> Self {
        if path == Path::new("-") {
            return Self::Stdin;
        }
        GitFile::parse(path).map_or_else(|| Self::File(path.to_owned()), Self::Git)
    }

    /// The place named in messages.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Stdin => "standard input".to_owned(),
            Self::File(path) => safe(&path.display().to_string()),
            Self::Git(file) => safe(&file.place()),
        }
    }

    /// Where it lies: in the file system or in the repository.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin => None,
            Self::File(path) => Some(path),
            Self::Git(file) => Some(file.path()),
        }
    }

    /// The folder that it lies in, with a slash at its end.
    fn folder(&self) -> String {
        match self {
            Self::Stdin | Self::Git(_) => String::new(),
            Self::File(path) => match path.parent() {
                Some(folder) if folder != Path::new("") => format!("{}/", folder.display()),
                Some(_) | None => String::new(),
            },
        }
    }

    /// The name without folders, which goes into a recording.
    fn name(&self) -> String {
        let path = match self {
            Self::Stdin => return "-".to_owned(),
            Self::File(path) => path,
            Self::Git(file) => file.path(),
        };
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    fn open(&self, watcher: &Watcher, follow: bool) -> Result<Box<dyn Read>, CommandError> {
        let raw: Box<dyn Read + Send> = match self {
            Self::Stdin => Box::new(io::stdin()),
            Self::Git(file) => Box::new(file.open(MAX_JSON)?),
            Self::File(path) => {
                let cant = |error: io::Error| {
                    CommandError::user(format!("can't read `{}`: {error}", self.place()))
                };
                if follow {
                    Box::new(Follow::new(path, watcher.clone()).map_err(cant)?)
                } else {
                    Box::new(File::open(path).map_err(cant)?)
                }
            }
        };
        let cant = |error: io::Error| {
            CommandError::user(format!("can't read `{}`: {error}", self.place()))
        };
        let (reader, compressed) = opened(Counted::new(raw, watcher.clone())).map_err(cant)?;
        Ok(if compressed {
            Box::new(Ahead::new(reader).map_err(cant)?)
        } else {
            reader
        })
    }
}

/// What a file holds, by its first bytes.
enum Content {
    Recording(Vec<u8>),
    Profile(Vec<u8>),
    Json,
    Trace(Format, Box<dyn Read>),
}

fn look(origin: &Origin, reading: Reading, watcher: &Watcher) -> Result<Content, CommandError> {
    let mut reader = origin.open(watcher, reading.follow)?;
    let cant =
        |error: io::Error| CommandError::user(format!("can't read `{}`: {error}", origin.place()));
    let (mut head, whole) = head(&mut reader, reading.follow).map_err(cant)?;
    let trace = |format, head, reader: Box<dyn Read>| {
        Content::Trace(format, Box::new(io::Cursor::new(head).chain(reader)))
    };
    if let Some(format) = reading.from {
        return Ok(trace(format, head, reader));
    }
    let is_json = head.trim_ascii_start().starts_with(b"{");
    let known =
        is_json && (recording::looks_like_recording(&head) || formats::docker::detect(&head));
    let detected = if known {
        None
    } else {
        Format::detect(&head, whole)
    };
    match detected {
        Some(format) => return Ok(trace(format, head, reader)),
        // Its error tells what a trace looks like.
        None if !is_json => return Ok(trace(Format::Strace, head, reader)),
        None => {}
    }
    reader.take(MAX_JSON).read_to_end(&mut head).map_err(cant)?;
    if head.len() as u64 >= MAX_JSON {
        return Err(CommandError::user(format!(
            "`{}` is too large for a JSON file",
            origin.place()
        )));
    }
    Ok(if recording::looks_like_recording(&head) {
        Content::Recording(head)
    } else if formats::docker::detect(&head) {
        Content::Profile(head)
    } else {
        Content::Json
    })
}

/// The bytes of a file whatever they are, and its name for messages. One more than `most` are
/// read, so that what is longer can be told.
pub(crate) fn bytes(path: &Path, most: usize) -> Result<(String, Vec<u8>), CommandError> {
    let origin = Origin::new(path);
    let reader = origin.open(&Watcher::silent(), false)?;
    let mut bytes = Vec::new();
    reader
        .take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| CommandError::user(format!("can't read `{}`: {error}", origin.place())))?;
    Ok((origin.place(), bytes))
}

/// The first bytes of a file, enough to tell what it is, and whether they are all. Of one that
/// grows, what there is of it when anything is.
fn head(reader: &mut impl Read, follow: bool) -> io::Result<(Vec<u8>, bool)> {
    let mut head = Vec::new();
    if follow {
        let mut first = vec![0; DETECT_BYTES];
        let read = reader.read(&mut first)?;
        first.truncate(read);
        return Ok((first, false));
    }
    reader.take(DETECT_BYTES as u64).read_to_end(&mut head)?;
    let whole = head.len() < DETECT_BYTES;
    Ok((head, whole))
}

/// A recording or a profile.
#[derive(Debug)]
pub(crate) enum Loaded {
    /// A recording, or a trace made into one.
    Recording(Recording),
    /// The bytes of a profile.
    Profile(Vec<u8>),
}

/// Reads one file that may be anything.
pub(crate) fn load(path: &Path, told: Option<Arch>, ui: &Ui) -> Result<Loaded, CommandError> {
    let mut session = Session {
        reading: Reading::of(told),
        watcher: Watcher::new(ui, std::slice::from_ref(&path.to_owned())),
        explained: None,
        profiles: None,
    };
    let origin = Origin::new(path);
    match look(&origin, session.reading, &session.watcher)? {
        Content::Profile(bytes) => Ok(Loaded::Profile(bytes)),
        other @ (Content::Recording(_) | Content::Json | Content::Trace(..)) => {
            one(&origin, other, &mut session).map(Loaded::Recording)
        }
    }
}

/// Reads recordings and traces into one recording.
pub(crate) fn recordings(
    paths: &[PathBuf],
    reading: Reading,
    ui: &Ui,
) -> Result<Recording, CommandError> {
    Ok(all(paths, reading, Also::Nothing, ui)?.0)
}

/// Reads recordings and traces, and tells what was made of the lines of the traces.
pub(crate) fn explained(
    paths: &[PathBuf],
    reading: Reading,
    ui: &Ui,
) -> Result<Vec<Explained>, CommandError> {
    let (_, session) = all(paths, reading, Also::Explanations, ui)?;
    Ok(session.explained.unwrap_or_default())
}

/// Reads recordings and traces into one recording, and gives the profiles among them, each with
/// its place.
pub(crate) fn sorted(
    paths: &[PathBuf],
    reading: Reading,
    ui: &Ui,
) -> Result<(Recording, Vec<FoundProfile>), CommandError> {
    let (recording, session) = all(paths, reading, Also::Profiles, ui)?;
    Ok((recording, session.profiles.unwrap_or_default()))
}

/// A profile among recordings: its place and its bytes.
pub(crate) type FoundProfile = (String, Vec<u8>);

/// What is wanted besides a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Also {
    Nothing,
    Explanations,
    Profiles,
}

fn all(
    paths: &[PathBuf],
    reading: Reading,
    also: Also,
    ui: &Ui,
) -> Result<(Recording, Session), CommandError> {
    if paths.iter().filter(|path| *path == Path::new("-")).count() > 1 {
        return Err(CommandError::user("standard input can be read only once"));
    }
    let paths = groups::expanded(paths)?;
    if reading.follow && !matches!(paths.as_slice(), [path] if path.is_file()) {
        return Err(CommandError::user(
            "`--follow` takes one file that grows; a pipe is read to its end anyway",
        ));
    }
    let groups = groups(&paths);
    let workers = reading.threads.clamp(1, groups.len().max(1));
    let watcher = Watcher::new(ui, &paths);
    let session = || Session {
        reading: Reading {
            threads: reading.threads.div_ceil(workers),
            ..reading
        },
        watcher: watcher.clone(),
        explained: (also == Also::Explanations).then(Vec::new),
        profiles: (also == Also::Profiles).then(Vec::new),
    };
    let read = together::each(&groups, workers, |group| {
        let mut session = session();
        let recording = match group {
            Group::One(origin) => {
                let content = look(origin, session.reading, &session.watcher)?;
                one(origin, content, &mut session)?
            }
            Group::Set(files) => set(files, &mut session)?,
        };
        Ok((recording, session))
    })?;
    let (mut all, mut together) = (Recording::default(), session());
    for (recording, session) in read {
        all.merge(recording);
        if let (Some(all), Some(one)) = (&mut together.explained, session.explained) {
            all.extend(one);
        }
        if let (Some(all), Some(one)) = (&mut together.profiles, session.profiles) {
            all.extend(one);
        }
    }
    watcher.finish();
    Ok((all, together))
}

fn one(
    origin: &Origin,
    content: Content,
    session: &mut Session,
) -> Result<Recording, CommandError> {
    let place = origin.place();
    match content {
        Content::Recording(bytes) => {
            recording::read(&bytes).map_err(|error| CommandError::input(&place, &error))
        }
        Content::Profile(bytes) if session.profiles.is_some() => {
            session
                .profiles
                .get_or_insert_default()
                .push((place, bytes));
            Ok(Recording::default())
        }
        Content::Profile(_) => Err(CommandError::user(format!(
            "`{place}` is a profile; expected a recording or a trace"
        ))
        .hint("`import --from seccomp-profile` takes the names that it allows as evidence")),
        Content::Json => Err(CommandError::user(format!(
            "`{place}` is JSON, but neither a recording nor a profile"
        ))),
        Content::Trace(format, reader) => {
            let name = origin.name();
            let source = Source {
                name: name.clone(),
                pid: None,
                reader,
            };
            let log = Log {
                names: vec![name],
                place,
                format,
            };
            trace(log, std::iter::once(source), session)
        }
    }
}

fn set(files: &[(u32, PathBuf)], session: &mut Session) -> Result<Recording, CommandError> {
    let mut recordings = Recording::default();
    let mut origins: Vec<(u32, Origin)> = Vec::new();
    // Opened here once each, so that a file that is missing or no trace ends it before the work.
    // A recording may have a number at its end, too.
    for (pid, path) in files {
        let (pid, origin) = (*pid, Origin::File(path.clone()));
        // To follow is to wait, which looking must not do; a set of one is followed below.
        let reading = Reading {
            follow: false,
            ..session.reading
        };
        match look(&origin, reading, &Watcher::silent())? {
            Content::Trace(Format::Strace, _) => origins.push((pid, origin)),
            Content::Trace(..) => {
                let content = look(&origin, session.reading, &session.watcher)?;
                recordings.merge(one(&origin, content, session)?);
            }
            content @ (Content::Recording(_) | Content::Profile(_) | Content::Json) => {
                recordings.merge(one(&origin, content, session)?);
            }
        }
    }
    let Some((_, first)) = origins.first() else {
        return Ok(recordings);
    };
    let place = match origins.as_slice() {
        [_] => first.place(),
        // Errors name the file.
        _ => first.folder(),
    };
    let names = origins.iter().map(|(_, origin)| origin.name()).collect();
    let watcher = session.watcher.clone();
    let follow = session.reading.follow;
    let sources = origins.iter().map(|(pid, origin)| Source {
        name: origin.name(),
        pid: Some(*pid),
        reader: Box::new(Late {
            origin,
            watcher: &watcher,
            follow,
            reader: None,
        }),
    });
    let format = Format::Strace;
    let log = Log {
        names,
        place,
        format,
    };
    recordings.merge(trace(log, sources, session)?);
    Ok(recordings)
}

#[expect(
    single_use_lifetimes,
    reason = "an elided one is not stable in `impl Trait`"
)]
fn trace<'a>(
    log: Log,
    sources: impl Iterator<Item = Source<'a>>,
    session: &mut Session,
) -> Result<Recording, CommandError> {
    let name = log.names.first().cloned().unwrap_or_default();
    let mut run = RunBuilder::new(log.format.name(), log.names);
    let options = Options {
        format: log.format,
        told: session.reading.told,
        threads: session.reading.threads,
    };
    let mut watch = |progress| session.watcher.progress(progress);
    let Some(all) = &mut session.explained else {
        let tally = read(sources, options, &mut run, &mut watch);
        let mut tally = tally.map_err(|error| failure(&log.place, &error))?;
        if session.watcher.has_lost() {
            tally.gaps.insert(Gap::Lost);
        }
        return Ok(Recording::of(run.finish(tally)));
    };
    let (explanation, tally) = explain(sources, options, &mut run, &mut watch);
    let failed = tally.as_ref().err().map(|error| failure(&log.place, error));
    all.push(Explained {
        name,
        format: log.format,
        explanation,
        failed,
    });
    Ok(match tally {
        Ok(tally) => Recording::of(run.finish(tally)),
        // It stands with the explanation.
        Err(_) => Recording::default(),
    })
}

/// A trace, before it is read.
struct Log {
    names: Vec<String>,
    place: String,
    format: Format,
}

fn failure(place: &str, error: &IngestError) -> CommandError {
    let hint = if let IngestError::UnknownArch { .. } = error {
        Some("say it with `--arch`, for example `--arch x86_64`")
    } else if let IngestError::NothingUnderstood { format, .. }
    | IngestError::NoCalls { format, .. }
    | IngestError::Empty { format, .. } = error
    {
        Some(if *format == Format::Strace {
            "record with `strace -f -n -o LOG COMMAND`"
        } else {
            "without `--from` the content of a log tells its format"
        })
    } else {
        None
    };
    // The error names the file without its folder.
    let error = CommandError::input(if place.contains('/') { place } else { "" }, error);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// A file opened when it is first read, since a set can have more files than a process may have
/// open.
struct Late<'a> {
    origin: &'a Origin,
    watcher: &'a Watcher,
    follow: bool,
    reader: Option<Box<dyn Read>>,
}

impl Read for Late<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            closed => {
                let reader = self
                    .origin
                    .open(self.watcher, self.follow)
                    .map_err(|error| io::Error::other(error.to_string()))?;
                closed.insert(reader)
            }
        };
        let read = reader.read(buffer)?;
        if read == 0 && !buffer.is_empty() {
            self.reader = Some(Box::new(io::empty()));
        }
        Ok(read)
    }
}
