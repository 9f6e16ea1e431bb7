//! Opens what a user names, whatever it is: a recording, a trace, the files of an `-ff` set.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use callsieve::arch::Arch;
use callsieve::formats;
use callsieve::ingest::{IngestError, Source, decompressed, read_strace};
use callsieve::recording::{self, Recording, RunBuilder};

use super::error::CommandError;
use super::render::safe;
use super::ui::Ui;

mod progress;

use progress::{Counted, Watcher};

/// How much is read to tell what a file is.
const HEAD: usize = 4096;
/// Largest JSON file read into memory. Recordings have a limit of their own below it.
const MAX_JSON: u64 = 257 << 20;

/// Where input comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `-`
    Stdin,
    /// A file.
    File(PathBuf),
}

impl Origin {
    fn new(path: &Path) -> Self {
        if path == Path::new("-") {
            Self::Stdin
        } else {
            Self::File(path.to_owned())
        }
    }

    /// The place named in messages.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Stdin => "standard input".to_owned(),
            Self::File(path) => safe(&path.display().to_string()),
        }
    }

    /// The folder that it lies in, with a slash at its end.
    fn folder(&self) -> String {
        match self {
            Self::Stdin => String::new(),
            Self::File(path) => match path.parent() {
                Some(folder) if folder != Path::new("") => format!("{}/", folder.display()),
                Some(_) | None => String::new(),
            },
        }
    }

    /// The name without folders, which goes into a recording.
    fn name(&self) -> String {
        match self {
            Self::Stdin => "-".to_owned(),
            Self::File(path) => path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
        }
    }

    fn open(&self, watcher: &Watcher) -> Result<Box<dyn Read>, CommandError> {
        let raw: Box<dyn Read> = match self {
            Self::Stdin => Box::new(io::stdin()),
            Self::File(path) => {
                let cant = |error: io::Error| {
                    CommandError::user(format!("can't read `{}`: {error}", self.place()))
                };
                let file = File::open(path).map_err(cant)?;
                if file.metadata().map_err(cant)?.is_dir() {
                    return Err(CommandError::user(format!("`{}` is a directory", self.place()))
                        .hint("name the files; those of an `strace -ff` set belong together: DIR/NAME.*"));
                }
                Box::new(file)
            }
        };
        decompressed(Counted::new(raw, watcher.clone()))
            .map_err(|error| CommandError::user(format!("can't read `{}`: {error}", self.place())))
    }
}

/// What a file holds, by its first bytes.
enum Content {
    Recording(Vec<u8>),
    Profile(Vec<u8>),
    Json,
    Trace(Box<dyn Read>),
}

fn look(origin: &Origin, watcher: &Watcher) -> Result<Content, CommandError> {
    let mut reader = origin.open(watcher)?;
    let cant =
        |error: io::Error| CommandError::user(format!("can't read `{}`: {error}", origin.place()));
    let mut head = Vec::new();
    reader
        .by_ref()
        .take(HEAD as u64)
        .read_to_end(&mut head)
        .map_err(cant)?;
    if !head.trim_ascii_start().starts_with(b"{") {
        return Ok(Content::Trace(Box::new(
            io::Cursor::new(head).chain(reader),
        )));
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
    let reader = origin.open(&Watcher::silent())?;
    let mut bytes = Vec::new();
    reader
        .take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| CommandError::user(format!("can't read `{}`: {error}", origin.place())))?;
    Ok((origin.place(), bytes))
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
    let watcher = Watcher::new(ui, std::slice::from_ref(&path.to_owned()));
    let origin = Origin::new(path);
    match look(&origin, &watcher)? {
        Content::Profile(bytes) => Ok(Loaded::Profile(bytes)),
        other @ (Content::Recording(_) | Content::Json | Content::Trace(_)) => {
            one(&origin, other, told, &watcher).map(Loaded::Recording)
        }
    }
}

/// Reads recordings and traces into one recording.
pub(crate) fn recordings(
    paths: &[PathBuf],
    told: Option<Arch>,
    ui: &Ui,
) -> Result<Recording, CommandError> {
    if paths.iter().filter(|path| *path == Path::new("-")).count() > 1 {
        return Err(CommandError::user("standard input can be read only once"));
    }
    let watcher = Watcher::new(ui, paths);
    let mut all = Recording::default();
    for group in groups(paths) {
        let recording = match group {
            Group::One(origin) => {
                let content = look(&origin, &watcher)?;
                one(&origin, content, told, &watcher)?
            }
            Group::Set(files) => set(files, told, &watcher)?,
        };
        all.merge(recording);
    }
    watcher.finish();
    Ok(all)
}

fn one(
    origin: &Origin,
    content: Content,
    told: Option<Arch>,
    watcher: &Watcher,
) -> Result<Recording, CommandError> {
    let place = origin.place();
    match content {
        Content::Recording(bytes) => {
            recording::read(&bytes).map_err(|error| CommandError::input(&place, &error))
        }
        Content::Profile(_) => Err(CommandError::user(format!(
            "`{place}` is a profile; expected a recording or a trace"
        ))),
        Content::Json => Err(CommandError::user(format!(
            "`{place}` is JSON, but neither a recording nor a profile"
        ))),
        Content::Trace(reader) => {
            let name = origin.name();
            let source = Source {
                name: name.clone(),
                pid: None,
                reader,
            };
            trace(vec![name], std::iter::once(source), &place, told, watcher)
        }
    }
}

fn set(
    files: Vec<(u32, PathBuf)>,
    told: Option<Arch>,
    watcher: &Watcher,
) -> Result<Recording, CommandError> {
    let mut recordings = Recording::default();
    let mut origins: Vec<(u32, Origin)> = Vec::new();
    // Opened here once each, so that a file that is missing or no trace ends it before the work.
    // A recording may have a number at its end, too.
    for (pid, path) in files {
        let origin = Origin::File(path);
        match look(&origin, &Watcher::silent())? {
            Content::Trace(_) => origins.push((pid, origin)),
            content @ (Content::Recording(_) | Content::Profile(_) | Content::Json) => {
                recordings.merge(one(&origin, content, told, watcher)?);
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
    let sources = origins.iter().map(|(pid, origin)| Source {
        name: origin.name(),
        pid: Some(*pid),
        reader: Box::new(Late {
            origin,
            watcher,
            reader: None,
        }),
    });
    recordings.merge(trace(names, sources, &place, told, watcher)?);
    Ok(recordings)
}

#[expect(
    single_use_lifetimes,
    reason = "an elided one is not stable in `impl Trait`"
)]
fn trace<'a>(
    names: Vec<String>,
    sources: impl Iterator<Item = Source<'a>>,
    place: &str,
    told: Option<Arch>,
    watcher: &Watcher,
) -> Result<Recording, CommandError> {
    let mut run = RunBuilder::new("strace", names);
    let mut watch = |progress| watcher.progress(progress);
    let tally = read_strace(sources, told, &mut run, &mut watch).map_err(|error| {
        let no_trace = matches!(
            &error,
            IngestError::NothingUnderstood { .. }
                | IngestError::NoCalls { .. }
                | IngestError::Empty { .. }
        );
        let hint = if let IngestError::UnknownArch { .. } = &error {
            Some("say it with `--arch`, for example `--arch x86_64`")
        } else {
            no_trace.then_some("record with `strace -f -n -o LOG COMMAND`")
        };
        // The error names the file without its folder.
        let error = CommandError::input(if place.contains('/') { place } else { "" }, &error);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    })?;
    Ok(Recording::of(run.finish(tally)))
}

/// A file opened when it is first read, since a set can have more files than a process may have
/// open.
struct Late<'a> {
    origin: &'a Origin,
    watcher: &'a Watcher,
    reader: Option<Box<dyn Read>>,
}

impl Read for Late<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            closed => {
                let reader = self
                    .origin
                    .open(self.watcher)
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

/// Files that belong together.
#[derive(Debug, PartialEq, Eq)]
enum Group {
    One(Origin),
    /// The files of an `-ff` set, by process.
    Set(Vec<(u32, PathBuf)>),
}

/// Puts together what `strace -ff -o NAME` wrote: `NAME.PID`, perhaps compressed.
fn groups(paths: &[PathBuf]) -> Vec<Group> {
    let mut groups: Vec<(Option<PathBuf>, Group)> = Vec::new();
    for path in paths {
        let Some((stem, pid)) = member(path) else {
            groups.push((None, Group::One(Origin::new(path))));
            continue;
        };
        let known = groups.iter_mut().find(|(of, _)| of.as_ref() == Some(&stem));
        match known {
            Some((_, Group::Set(files))) => files.push((pid, path.clone())),
            Some(_) | None => groups.push((Some(stem), Group::Set(vec![(pid, path.clone())]))),
        }
    }
    let mut all: Vec<Group> = groups.into_iter().map(|(_, group)| group).collect();
    for group in &mut all {
        if let Group::Set(files) = group {
            files.sort();
            files.dedup();
        }
    }
    all
}

/// The name of the set that a file is of, and its process.
fn member(path: &Path) -> Option<(PathBuf, u32)> {
    let name = path.file_name()?.to_str()?;
    let name = name
        .strip_suffix(".gz")
        .or_else(|| name.strip_suffix(".zst"))
        .unwrap_or(name);
    let (stem, pid) = name.rsplit_once('.')?;
    let well_formed =
        !stem.is_empty() && !pid.starts_with('0') && pid.bytes().all(|b| b.is_ascii_digit());
    let pid = pid.parse().ok().filter(|_| well_formed)?;
    Some((path.with_file_name(stem), pid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_set_belong_together() {
        let paths = [
            "a/t.12", "b.strace", "a/t.7.gz", "c/t.3", "-", "v1.0", "a/t.12",
        ];
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        assert_eq!(
            groups(&paths),
            [
                Group::Set(vec![(7, "a/t.7.gz".into()), (12, "a/t.12".into())]),
                Group::One(Origin::File("b.strace".into())),
                Group::Set(vec![(3, "c/t.3".into())]),
                Group::One(Origin::Stdin),
                Group::One(Origin::File("v1.0".into())),
            ]
        );
    }
}
