//! Profiles that are made again, compared with what was committed, and judged.

mod against;
mod words;

use std::path::PathBuf;

use callsieve::arch::Arch;
use callsieve::config::Profile as Wanted;
use callsieve::formats;
use callsieve::lint::written;
use callsieve::profile::diff::Difference;
use callsieve::profile::docker_default::{DockerRelease, docker_default};
use callsieve::profile::{Engine, Host, Libseccomp, Profile, View};

use super::causes::Causes;
use super::commands::diff::{between, outside};
use super::commands::generate::Made;
use super::config::Loaded;
use super::error::CommandError;
use super::exit::Exit;
use super::operand::ProfileFile;
use super::render::difference::{Compared, Heading, Outside};
use super::ui::Ui;

pub(crate) use words::Overrides;

/// A profile that was asked for, and what became of it.
#[derive(Debug)]
pub(crate) struct Judged {
    /// Its position in the configuration file.
    pub(crate) position: usize,
    /// Its path from the repository's root on.
    pub(crate) shown: String,
    pub(crate) result: Result<Again, CommandError>,
}

/// A profile made again, and how it stands to the one before.
#[derive(Debug)]
pub(crate) struct Again {
    pub(crate) made: Made,
    pub(crate) difference: Difference,
    pub(crate) outside: Outside,
    pub(crate) causes: Causes,
    pub(crate) file: ProfileFile,
    /// Where it goes.
    pub(crate) target: PathBuf,
    /// Where its reasons go.
    pub(crate) reasons: Option<PathBuf>,
    /// What lies there is something else.
    pub(crate) is_new: bool,
    old: String,
    container: String,
}

impl Judged {
    /// The comparison, where there is one.
    pub(crate) fn compared(&self) -> Option<(&Again, Compared<'_>)> {
        let again = self.result.as_ref().ok()?;
        let compared = Compared {
            difference: &again.difference,
            heading: Heading {
                old: &again.old,
                new: &self.shown,
                native: again.made.generated.native,
                container: &again.container,
            },
            outside: Some(&again.outside),
            causes: Some(&again.causes),
            file: Some(&again.file),
        };
        Some((again, compared))
    }

    /// How bad it is that it could not be made.
    pub(crate) fn exit(&self) -> Exit {
        self.result
            .as_ref()
            .map_or_else(CommandError::exit, |_| Exit::Done)
    }
}

/// Makes a profile again and compares it.
pub(crate) fn judge(
    loaded: &Loaded,
    position: usize,
    wanted: &Wanted,
    overrides: &Overrides,
    ui: &Ui,
) -> Judged {
    Judged {
        position,
        shown: loaded.shown(&wanted.path),
        result: again(loaded, position, wanted, overrides, ui),
    }
}

fn again(
    loaded: &Loaded,
    position: usize,
    wanted: &Wanted,
    overrides: &Overrides,
    ui: &Ui,
) -> Result<Again, CommandError> {
    let shown = loaded.shown(&wanted.path);
    let target = loaded.output(&wanted.path)?;
    let reasons = wanted
        .reasons
        .as_ref()
        .map(|it| loaded.output(it))
        .transpose()?;
    let args = words::args(loaded, position, wanted, &target, overrides)?;
    let made = args.make(ui)?;
    let bytes = made.written.profile.as_bytes();
    let native = made.generated.native;
    let host = args.host().host(native)?;
    let view = view(wanted, native)?;
    let new = view.engine.resolve(&read(&shown, bytes)?, &host);
    let before = std::fs::read(&target).ok();
    let is_new = before.as_deref() != Some(bytes);
    let (old, old_profile) = older(loaded, wanted, overrides, before, view, &host)?;
    let difference = between(&old_profile, &new, view)?;
    let outside = outside(&difference, &new, view, &host)?;
    Ok(Again {
        causes: Causes::of(&[&made.recording]),
        file: ProfileFile {
            path: shown.into(),
            written: written(bytes),
        },
        container: args.host().describe(),
        made,
        difference,
        outside,
        target,
        reasons,
        is_new,
        old,
    })
}

fn read(place: &str, bytes: &[u8]) -> Result<callsieve::profile::ConditionalProfile, CommandError> {
    formats::docker::read(bytes).map_err(|error| CommandError::input(place, &error))
}

/// For whom profiles are compared. The words were checked when the file was read.
fn view(wanted: &Wanted, native: Arch) -> Result<View, CommandError> {
    let mut view = View::docker(native);
    if let Some(word) = wanted.engine.get("engine") {
        view.engine = word
            .parse::<Engine>()
            .map_err(|error| CommandError::input("", &error))?;
        if view.engine == Engine::Docker20 {
            view.libseccomp = Libseccomp::V2_5_4;
        }
    }
    if let Some(word) = wanted.engine.get("libseccomp") {
        view.libseccomp = word
            .parse::<Libseccomp>()
            .map_err(|error| CommandError::input("", &error))?;
    }
    Ok(view)
}

/// What it is compared with: the file of the revision, or what lies there outside of a repository,
/// or, for a profile that is new, Docker's default.
fn older(
    loaded: &Loaded,
    wanted: &Wanted,
    overrides: &Overrides,
    before: Option<Vec<u8>>,
    view: View,
    host: &Host,
) -> Result<(String, Profile), CommandError> {
    let configured = loaded.config.ci.against.as_deref();
    let asked = overrides.against.as_deref().or(configured);
    let shown = loaded.shown(&wanted.path);
    let bytes = match asked {
        Some(revision) if against::exists(loaded.folder(), revision)? => {
            let file = against::file(loaded.folder(), revision, &wanted.path)?;
            file.map(|bytes| (format!("git:{revision}:{shown}"), bytes))
        }
        Some(revision) => {
            return Err(CommandError::user(format!(
                "`{revision}` is no revision of this repository"
            ))
            .hint("a shallow clone lacks most: fetch it, as with `fetch-depth: 0`"));
        }
        None if against::exists(loaded.folder(), "HEAD").unwrap_or(false) => {
            let file = against::file(loaded.folder(), "HEAD", &wanted.path)?;
            file.map(|bytes| (format!("git:HEAD:{shown}"), bytes))
        }
        None => before.map(|bytes| (shown.clone(), bytes)),
    };
    match bytes {
        Some((name, bytes)) => {
            let profile = view.engine.resolve(&read(&name, &bytes)?, host);
            Ok((name, profile))
        }
        None => Ok((
            format!("docker-default@{}", DockerRelease::NEWEST),
            docker_default(DockerRelease::NEWEST).resolve(host),
        )),
    }
}
