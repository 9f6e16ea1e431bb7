//! A profile as the user names it: the default of an engine, a file, or a recording.

use std::path::{Path, PathBuf};

use callsieve::arch::Arch;
use callsieve::formats;
use callsieve::lint::{Span, Written, written};
use callsieve::profile::action::{Action, Reach};
use callsieve::profile::docker_default::{DockerRelease, docker_default};
use callsieve::profile::{
    ConditionalProfile, Host, Profile, View, containerd_default, podman_default,
};
use callsieve::recording::Recording;

use super::error::CommandError;
use super::input::{self, Loaded, Origin, Reading};
use super::observed::observed;
use super::render::{safe, sarif};
use super::ui::Ui;

/// What a user named, before conditions are resolved.
#[derive(Debug)]
pub(crate) struct Operand {
    /// Its name, for people.
    pub(crate) name: String,
    /// The file that it is, where it is one.
    path: Option<PathBuf>,
    kind: Kind,
}

/// The file of a profile, so that what is found can point into it.
#[derive(Debug)]
pub(crate) struct ProfileFile {
    /// Relative to the working directory where it lies below it.
    pub(crate) path: PathBuf,
    /// What stands where in it.
    pub(crate) written: Written,
}

impl ProfileFile {
    /// Its address for SARIF.
    pub(crate) fn uri(&self) -> String {
        sarif::uri(&self.path)
    }

    /// Where it speaks of a call: the name in a rule that permits it, the name, or else the
    /// default action.
    pub(crate) fn span(&self, name: Option<&str>) -> Option<Span> {
        let permits =
            |action: Option<Action>| action.is_some_and(|it| it.reach() == Reach::Permitted);
        let mentions = name.and_then(|name| self.written.mentions.get(name));
        let mention = mentions.and_then(|all| {
            let permitting = all.iter().find(|mention| permits(mention.action));
            permitting.or_else(|| all.first())
        });
        let default = self.written.default.as_ref().map(|(_, span)| *span);
        mention.map(|mention| mention.span).or(default)
    }
}

#[derive(Debug)]
enum Kind {
    /// What an engine has built in, and resolves by its own rules whoever loads the result.
    BuiltIn(ConditionalProfile),
    /// What a file says, and its bytes.
    Profile(ConditionalProfile, Vec<u8>),
    Recording(Recording),
}

/// Reads the name of an engine's default: `docker-default`, `docker-default@25.0.3`,
/// `podman-default`, `containerd-default`. `None` if the word must be a file.
fn named(word: &str) -> Option<Result<(String, ConditionalProfile), CommandError>> {
    let (name, version) = match word.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (word, None),
    };
    match name {
        "docker-default" => Some(match version {
            None => Ok(docker(DockerRelease::NEWEST)),
            Some(release) => release
                .parse()
                .map(docker)
                .map_err(|error| CommandError::input("", &error)),
        }),
        "podman-default" => Some(only(name, version, podman_default)),
        "containerd-default" => Some(only(name, version, containerd_default)),
        _ => None,
    }
}

fn docker(release: DockerRelease) -> (String, ConditionalProfile) {
    (format!("docker-default@{release}"), docker_default(release))
}

/// A default of which one version is known.
fn only(
    name: &str,
    version: Option<&str>,
    default: fn() -> ConditionalProfile,
) -> Result<(String, ConditionalProfile), CommandError> {
    match version {
        None => Ok((name.to_owned(), default())),
        Some(version) => Err(CommandError::user(format!(
            "`{name}@{version}`: only one version of {name} is known"
        ))
        .hint(format!("`{name}` names it"))),
    }
}

/// Reads a profile by name or from a file.
pub(crate) fn profile(word: &str, ui: &Ui) -> Result<(String, ConditionalProfile), CommandError> {
    if let Some(known) = named(word) {
        return known;
    }
    match input::load(Path::new(word), None, ui)? {
        // Without its folder, as the name goes into the profile.
        Loaded::Profile(bytes) => {
            let name = Path::new(word).file_name().unwrap_or(word.as_ref());
            Ok((safe(&name.to_string_lossy()), read(word, &bytes)?))
        }
        Loaded::Recording(_) => Err(CommandError::user(format!(
            "`{word}` is a recording or a trace; expected a profile"
        ))),
    }
}

/// Sorts words into recordings and traces, put together, and profiles.
pub(crate) fn sorted(
    words: &[String],
    told: Option<Arch>,
    ui: &Ui,
) -> Result<(Recording, Vec<Operand>), CommandError> {
    let mut profiles = Vec::new();
    let mut paths: Vec<PathBuf> = Vec::new();
    for word in words {
        if named(word).is_some() || word.starts_with("git:") {
            profiles.push(Operand::read(word, told, ui)?);
        } else {
            paths.push(word.into());
        }
    }
    let (recording, files) = input::sorted(&paths, Reading::of(told), ui)?;
    for (place, bytes) in files {
        profiles.push(Operand {
            kind: Kind::Profile(read(&place, &bytes)?, bytes),
            path: None,
            name: place,
        });
    }
    Ok((recording, profiles))
}

fn read(place: &str, bytes: &[u8]) -> Result<ConditionalProfile, CommandError> {
    formats::docker::read(bytes).map_err(|error| CommandError::input(place, &error))
}

/// The architecture of the engine: what was told, or else the first operand that tells one, or
/// that of this machine. `none` is the error where all are silent.
pub(crate) fn native(
    told: Option<Arch>,
    operands: &[&Operand],
    none: &str,
) -> Result<Arch, CommandError> {
    told.or_else(|| operands.iter().find_map(|operand| operand.native()))
        .or_else(Arch::of_this_build)
        .ok_or_else(|| CommandError::user(none).hint("say it with `--arch`"))
}

impl Operand {
    /// Reads what the user named.
    pub(crate) fn read(word: &str, told: Option<Arch>, ui: &Ui) -> Result<Self, CommandError> {
        if let Some(known) = named(word) {
            let (name, profile) = known?;
            return Ok(Self {
                name,
                path: None,
                kind: Kind::BuiltIn(profile),
            });
        }
        let kind = match input::load(Path::new(word), told, ui)? {
            Loaded::Profile(bytes) => Kind::Profile(read(word, &bytes)?, bytes),
            Loaded::Recording(recording) => Kind::Recording(recording),
        };
        let origin = Origin::new(Path::new(word));
        Ok(Self {
            name: match origin {
                // Shorter than in messages.
                Origin::Stdin => word.to_owned(),
                Origin::File(_) | Origin::Git(_) => origin.place(),
            },
            path: origin.path().map(below),
            kind,
        })
    }

    /// The native architecture that it is for, where it tells: the first that it lists, or the
    /// one whose machines run all of them.
    pub(crate) fn native(&self) -> Option<Arch> {
        let arches: Vec<Arch> = match &self.kind {
            Kind::BuiltIn(profile) | Kind::Profile(profile, _) => profile.architectures.clone(),
            Kind::Recording(recording) => recording.arches().into_iter().collect(),
        };
        native_of(&arches)
    }

    /// The recording that it is.
    pub(crate) const fn recording(&self) -> Option<&Recording> {
        match &self.kind {
            Kind::Recording(recording) => Some(recording),
            Kind::BuiltIn(_) | Kind::Profile(..) => None,
        }
    }

    /// What stands where in the file of a profile.
    pub(crate) fn written(&self) -> Option<Written> {
        match &self.kind {
            Kind::Profile(_, bytes) => Some(written(bytes)),
            Kind::BuiltIn(_) | Kind::Recording(_) => None,
        }
    }

    /// The file of the profile that it is.
    pub(crate) fn file(&self) -> Option<ProfileFile> {
        Some(ProfileFile {
            path: self.path.clone()?,
            written: self.written()?,
        })
    }

    /// What a container on `host` gets from an engine. A recording stands for the profile that
    /// permits what it has and nothing else.
    pub(crate) fn resolve(&self, view: View, host: &Host) -> Profile {
        match &self.kind {
            Kind::BuiltIn(profile) => profile.resolve(host),
            Kind::Profile(profile, _) => view.engine.resolve(profile, host),
            Kind::Recording(recording) => observed(recording, host),
        }
    }
}

/// A path as it is named from the working directory, if it leads below it.
pub(crate) fn below(path: &Path) -> PathBuf {
    let folder = std::env::current_dir().ok();
    let below = folder.and_then(|folder| path.strip_prefix(folder).ok());
    let below = below.unwrap_or(path);
    below.strip_prefix(".").unwrap_or(below).to_owned()
}

/// The architecture the machines of which run all of these, the first where it is one.
pub(crate) fn native_of(arches: &[Arch]) -> Option<Arch> {
    arches.first()?.natives().find(|native| {
        arches
            .iter()
            .all(|arch| arch == native || native.sub_architectures().contains(arch))
            && (native.is_64_bit() || arches.contains(native))
    })
}
