//! For whom a profile is written, and how it gets there.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use callsieve::formats::manifest::{self, ManifestError, Patch};
use callsieve::formats::{docker, spo};
use callsieve::profile::build::{Generated, Options};

use super::error::CommandError;
use super::output;
use super::render::{self, counted, safe};
use super::ui::Ui;

/// Where kubelet looks for profiles.
const NODE_FOLDER: &str = "/var/lib/kubelet/seccomp";
/// How much of a manifest is read, in bytes; more is refused anyway.
const LONGEST: u64 = (4 << 20) + 1;

/// For whom a profile is written, and how it gets there.
#[derive(Debug, clap::Args)]
pub(crate) struct TargetArgs {
    /// For whom it is written
    #[arg(long, value_name = "TARGET", default_value = "oci")]
    target: Target,
    /// With `--target k8s`: put the profile into this manifest, changing nothing else of its text;
    /// the result goes to standard output, and the profile to `-o`
    #[arg(long, value_name = "FILE", requires = "output")]
    manifest: Option<PathBuf>,
    /// Write the manifest to this file, which may be the same
    #[arg(long, value_name = "FILE", requires = "manifest")]
    manifest_output: Option<PathBuf>,
    /// The container in the manifest, if it has several
    #[arg(long, value_name = "NAME", requires = "manifest")]
    container: Option<String>,
    /// With `--target k8s`: where the profile lies below the node's seccomp folder; profiles/ and
    /// the file's name if not given
    #[arg(long, value_name = "PATH")]
    localhost_profile: Option<String>,
    /// With `--target spo`: the name of the resource; the file's name if not given
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// For whom a profile is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    /// Whoever reads OCI's JSON: Docker, containerd, CRI-O, Podman, runc, crun
    Oci,
    /// The same JSON, and how Kubernetes is told of it
    K8s,
    /// A resource of the Security Profiles Operator
    Spo,
}

/// What is written and told.
#[derive(Debug)]
pub(crate) struct Written {
    /// The profile.
    pub(crate) profile: String,
    /// The manifest with it.
    pub(crate) manifest: Option<String>,
    notes: Vec<String>,
    warnings: Vec<String>,
}

impl Written {
    /// Tells how it gets there.
    pub(crate) fn tell(&self, ui: &Ui) {
        for warning in &self.warnings {
            ui.warn(warning);
        }
        for note in &self.notes {
            ui.note(note);
        }
    }
}

impl TargetArgs {
    /// Where the manifest goes.
    pub(crate) fn manifest_output(&self) -> Option<&Path> {
        self.manifest_output.as_deref()
    }

    /// Refuses what does not go together, before anything is read.
    pub(crate) fn check(&self, file: Option<&Path>) -> Result<(), CommandError> {
        let only = |given: bool, option: &str, target: Target, name: &str| {
            if given && self.target != target {
                return Err(CommandError::user(format!(
                    "`{option}` goes with `--target {name}`"
                )));
            }
            Ok(())
        };
        only(self.manifest.is_some(), "--manifest", Target::K8s, "k8s")?;
        let path = self.localhost_profile.is_some();
        only(path, "--localhost-profile", Target::K8s, "k8s")?;
        only(self.name.is_some(), "--name", Target::Spo, "spo")?;
        if self.target == Target::K8s {
            self.path(file).map(drop)?;
        }
        let both = output::is_stdout(file) && output::is_stdout(self.manifest_output());
        if self.manifest.is_some() && both {
            return Err(CommandError::user(
                "the profile and the manifest can't both go to standard output",
            ));
        }
        Ok(())
    }

    /// Where the profile lies below the node's folder. Kubernetes wants a relative path that only
    /// descends.
    fn path(&self, file: Option<&Path>) -> Result<String, CommandError> {
        let path = match &self.localhost_profile {
            Some(path) => path.clone(),
            None => format!("profiles/{}.json", stem(file)),
        };
        let descends = path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..");
        if descends && !path.chars().any(char::is_control) {
            return Ok(path);
        }
        Err(CommandError::user(format!(
            "`{path}` is no path below {NODE_FOLDER}"
        )))
    }

    /// Writes the profile down.
    pub(crate) fn write(
        &self,
        generated: &Generated,
        options: &Options,
        file: Option<&Path>,
    ) -> Result<Written, CommandError> {
        let profile = &generated.profile;
        let mut written = Written {
            profile: render::printable(docker::write(profile)),
            manifest: None,
            notes: Vec::new(),
            warnings: Vec::new(),
        };
        match self.target {
            Target::Oci => {}
            Target::K8s => self.kubernetes(generated, options, file, &mut written)?,
            Target::Spo => {
                let name = self.name.clone().unwrap_or_else(|| stem(file));
                let resource = spo::write(profile, &name).map_err(|error| {
                    let hint = "name the resource with `--name`, or write JSON: `--target k8s`";
                    CommandError::input("", &error).hint(hint)
                })?;
                written.profile = render::printable(resource);
                written.notes.push(format!(
                    "The operator (1.0 or later) puts it at {NODE_FOLDER}/operator/{name}.json on \
                     each node;\ncontainers name it with `localhostProfile: operator/{name}.json`. \
                     The resource has no\ndefaultErrnoRet; runtimes answer EPERM by themselves."
                ));
            }
        }
        Ok(written)
    }

    fn kubernetes(
        &self,
        generated: &Generated,
        options: &Options,
        file: Option<&Path>,
        written: &mut Written,
    ) -> Result<(), CommandError> {
        let path = self.path(file)?;
        written.notes.push(format!(
            "On every node the profile must lie at {NODE_FOLDER}/{}",
            safe(&path)
        ));
        if let Some(source) = &self.manifest {
            let place = source.display().to_string();
            let patch = Patch {
                container: self.container.as_deref(),
                localhost_profile: &path,
                no_new_privileges: options.no_new_privileges,
            };
            let patched = manifest::patch(&read(source)?, &patch).map_err(|error| {
                let failure = CommandError::input(&place, &error);
                if matches!(error, ManifestError::Several { .. }) {
                    failure.hint("choose one with `--container`")
                } else {
                    failure
                }
            })?;
            written.notes.push(format!(
                "Container {} has the profile, and its pod RuntimeDefault.",
                safe(&patched.container)
            ));
            if let Some(line) = patched.other_pod_profile {
                written.notes.pop();
                written.warnings.push(format!(
                    "{place}:{line}: the pod has another profile than RuntimeDefault, which was left; \
                     containers that `kubectl debug` adds get it too"
                ));
            }
            written.manifest = Some(patched.text);
        } else {
            written
                .notes
                .push(snippet(&path, options.no_new_privileges));
        }
        if !options.no_new_privileges {
            let saved = generated.saved_by_no_new_privileges(options).len();
            let names = counted(u64::try_from(saved).unwrap_or(u64::MAX), "names");
            written.notes.push(format!(
                "`allowPrivilegeEscalation: false` sets no-new-privileges: with it, and made with \
                 `--no-new-privileges`,\nthe profile would be {names} smaller."
            ));
        }
        Ok(())
    }
}

/// What belongs into the pod.
fn snippet(path: &str, no_new_privileges: bool) -> String {
    let escalation = if no_new_privileges {
        "\n      allowPrivilegeEscalation: false"
    } else {
        ""
    };
    let path = serde_json::Value::String(path.to_owned()).to_string();
    format!(
        "spec:\n  securityContext:\n    seccompProfile:\n      type: RuntimeDefault\n  containers:\n  \
         - name: ...\n    securityContext:{escalation}\n      seccompProfile:\n        type: Localhost\n        \
         localhostProfile: {}",
        safe(&path)
    )
}

/// The name of a file without its ending, as Kubernetes takes names.
fn stem(file: Option<&Path>) -> String {
    let named = file.filter(|file| !output::is_stdout(Some(file)));
    let stem = named.and_then(Path::file_stem);
    stem.map_or_else(
        || "app".to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    )
}

fn read(path: &Path) -> Result<String, CommandError> {
    let place = path.display().to_string();
    let failed = |error: std::io::Error| CommandError::input(&place, &error);
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    file.take(LONGEST)
        .read_to_string(&mut text)
        .map_err(failed)?;
    Ok(text)
}
