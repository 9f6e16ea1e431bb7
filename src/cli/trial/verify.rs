//! Tries a container under a profile, and finds out why it fails.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use callsieve::arch::Arch;
use callsieve::enforce::Report;
use callsieve::event::Gap;
use callsieve::formats::docker;
use callsieve::profile::eval::Meaning;
use callsieve::profile::floor::{RuntimeFloor, Symptom, explain};
use callsieve::profile::{Engine as Reader, Host, Profile, View};
use callsieve::recording::Recording;
use tempfile::NamedTempFile;

use super::args::{Container, TrialArgs, health, options};
use super::guest::STEP;
use super::{EngineDefault, Guest, Missing, Plan, Profiled, Step, Tried, missing, run};
use crate::cli::engine::EngineArgs;
use crate::cli::engine_command::{Engine, Interrupts, Kind, Version};
use crate::cli::error::CommandError;
use crate::cli::host::HostArgs;
use crate::cli::local_runtime;
use crate::cli::operand::{Operand, ProfileFile};
use crate::cli::static_binary;
use crate::cli::ui::Ui;

/// What a profile is tried with: all but the profile itself.
#[derive(Debug)]
pub(crate) struct Bench {
    engine: Engine,
    version: Version,
    interrupts: Interrupts,
    plan: Plan,
    details: crate::cli::engine_command::Details,
    container: Container,
    /// How the engine reads the profile.
    pub(crate) view: View,
    /// For what.
    pub(crate) host: Host,
    /// What the runtime needs.
    pub(crate) floor: RuntimeFloor,
    binary: Option<PathBuf>,
}

/// A profile as a file for the engine.
#[derive(Debug)]
pub(crate) struct Subject {
    /// Its name, for people.
    pub(crate) name: String,
    /// Its file, where it is the user's.
    pub(crate) source: Option<ProfileFile>,
    path: PathBuf,
    /// What the engine makes of it.
    profile: Profile,
    /// Where it was written for the engine, if it was.
    _file: Option<NamedTempFile>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The trial with the engine's own loading.
    pub(crate) tried: Tried,
    /// What the words of a failure mean.
    pub(crate) symptoms: Vec<&'static Symptom>,
    /// Calls of the runtime that the profile refuses.
    pub(crate) missing: Vec<Missing>,
    /// What was refused inside, by step.
    pub(crate) seen: Result<Vec<Seen>, String>,
    /// What was recorded of that.
    pub(crate) recording: Recording,
}

/// What was refused in a step.
#[derive(Debug)]
pub(crate) struct Seen {
    /// `start`, or `probe …`.
    pub(crate) step: String,
    /// What was refused.
    pub(crate) report: Report,
    /// Not all of it could be seen.
    pub(crate) gaps: BTreeSet<Gap>,
}

impl Subject {
    /// What the engine makes of it.
    pub(crate) const fn profile(&self) -> &Profile {
        &self.profile
    }
}

impl Bench {
    /// Asks the engine for all that has to be known.
    pub(crate) fn new(
        args: &TrialArgs,
        command: &[OsString],
        reading: (&EngineArgs, &HostArgs),
    ) -> Result<Self, CommandError> {
        let mut plan = args.plan(command)?;
        let interrupts = Interrupts::new()?;
        let engine = args.engine();
        let version = engine.version()?;
        let container = args.container(&engine)?;
        // The engine puts entrypoint, command and health check together.
        let mut words = plan.options.clone();
        words.extend(["--".into(), plan.image.clone()]);
        words.extend(plan.command.iter().cloned());
        let made = engine.create(words, &interrupts)?;
        let details = made.inspect()?;
        made.remove()?;
        if let Some(probe) = health(&details) {
            plan.probes.insert(0, probe);
        }
        let native = Arch::of_this_build()
            .ok_or_else(|| CommandError::user("nothing is known of this machine").unable())?;
        let mut view = reading.0.view(native);
        if view.engine == Reader::Docker {
            view = reader(engine.kind(), &version, reading.0, native);
        }
        let mut host = reading.1.host(native)?;
        host.capabilities = HostArgs {
            cap_add: [reading.1.cap_add.as_slice(), &container.cap_add].concat(),
            cap_drop: [reading.1.cap_drop.as_slice(), &container.cap_drop].concat(),
            kernel: reading.1.kernel.clone(),
        }
        .capabilities()?;
        let runtime = details.runtime().unwrap_or(&version.runtime).to_owned();
        let number = if runtime == version.runtime {
            version.runtime_version.as_str()
        } else {
            ""
        };
        let floor = local_runtime::floor_of(engine.name(), &runtime, number)?
            .with_exec(!plan.probes.is_empty())
            .with_init(container.init);
        Ok(Self {
            engine,
            version,
            interrupts,
            plan,
            details,
            container,
            view,
            host,
            floor,
            binary: args.binary.clone(),
        })
    }

    /// For people: `docker 20.10.24, runc 1.1.5, no-new-privileges`.
    pub(crate) fn describe(&self) -> String {
        let privileges = if self.container.no_new_privileges {
            ", no-new-privileges"
        } else {
            ""
        };
        let (name, version) = (self.engine.name(), &self.version.engine);
        format!("{name} {version}, {}{privileges}", self.floor)
    }

    /// The image, as it was named.
    pub(crate) fn image(&self) -> String {
        self.plan.image.to_string_lossy().into_owned()
    }

    /// A profile that the user named.
    pub(crate) fn subject(&self, word: &str, operand: Operand) -> Result<Subject, CommandError> {
        let profile = operand.resolve(self.view, &self.host);
        let source = operand.file();
        let path = Path::new(word);
        if path.is_file() {
            let path =
                std::path::absolute(path).map_err(|error| CommandError::input(word, &error))?;
            return Ok(Subject {
                name: operand.name,
                source,
                path,
                profile,
                _file: None,
            });
        }
        Self::made(operand.name, source, profile)
    }

    /// A profile that was made here.
    pub(crate) fn made(
        name: String,
        source: Option<ProfileFile>,
        profile: Profile,
    ) -> Result<Subject, CommandError> {
        let cant = |error| CommandError::write("a temporary file", &error);
        let mut file = tempfile::Builder::new()
            .prefix("callsieve-")
            .suffix(".json")
            .tempfile()
            .map_err(cant)?;
        file.write_all(docker::write(&profile).as_bytes())
            .and_then(|()| file.flush())
            .map_err(cant)?;
        Ok(Subject {
            name,
            source,
            path: file.path().to_owned(),
            profile,
            _file: Some(file),
        })
    }

    /// Tries it, once as it is and once to see what is refused.
    pub(crate) fn verify(&self, subject: &Subject, ui: &Ui) -> Result<Outcome, CommandError> {
        let mut plain = Profiled(&subject.path);
        let mut tried = run(&self.engine, &self.plan, &mut plain, &self.interrupts)?;
        if tried.failed().is_some() {
            self.fails_anyway(&mut tried)?;
        }
        let meaning = Meaning::new(&subject.profile, &self.view);
        let missing = missing(
            &meaning,
            self.view.native,
            self.floor,
            self.container.no_new_privileges,
        );
        let symptoms = tried.failed().map_or(Vec::new(), |(_, failure)| {
            explain(
                &failure.said,
                failure.status.and_then(|it| i32::try_from(it).ok()),
            )
        });
        let looked = self.look(&subject.path, ui)?;
        let (seen, recording) = match looked {
            Ok(recordings) => self.seen(&recordings),
            Err(why) => (Err(why), Recording::default()),
        };
        Ok(Outcome {
            tried,
            symptoms,
            missing,
            seen,
            recording,
        })
    }

    /// Runs it with callsieve inside. The inner error says why that can't be.
    fn look(
        &self,
        profile: &Path,
        ui: &Ui,
    ) -> Result<Result<Vec<Recording>, String>, CommandError> {
        let binary = match static_binary::find(self.binary.as_deref()) {
            Ok(binary) => binary,
            Err(error) if self.binary.is_some() => return Err(error),
            Err(error) => {
                for hint in error.hints() {
                    ui.note(hint);
                }
                return Ok(Err(error.to_string()));
            }
        };
        let mut guest = Guest::new(
            binary.file,
            profile.to_owned(),
            self.reading(),
            &self.details,
        );
        let _how_it_went = run(&self.engine, &self.plan, &mut guest, &self.interrupts)?;
        Ok(Ok(guest.recordings()))
    }

    /// How the profile is read, as options.
    fn reading(&self) -> Vec<OsString> {
        let mut words = options("--engine", &[self.view.engine.name().to_owned()]);
        words.extend(options(
            "--libseccomp",
            &[self.view.libseccomp.name().to_owned()],
        ));
        words.extend(options("--kernel", &[self.host.kernel.to_string()]));
        // Exactly these: all that there are by default are dropped first.
        words.extend(options("--cap-drop", &["ALL".to_owned()]));
        let capabilities: Vec<String> = self
            .host
            .capabilities
            .iter()
            .map(ToString::to_string)
            .collect();
        words.extend(options("--cap-add", &capabilities));
        words
    }

    /// Looks whether the container fails in the same way without the profile. If it ends with the
    /// same status it has done what it does; any other failure says nothing of the profile, which
    /// is an error.
    fn fails_anyway(&self, tried: &mut Tried) -> Result<(), CommandError> {
        let control = run(
            &self.engine,
            &self.plan,
            &mut EngineDefault,
            &self.interrupts,
        )?;
        let (Some(done), Some(same)) = (tried.done.last_mut(), control.done.last()) else {
            return Ok(());
        };
        let (Some(failure), Some(other)) = (&done.failure, &same.failure) else {
            return Ok(());
        };
        if done.step != same.step {
            return Ok(());
        }
        let own = !failure.runtime && !other.runtime && done.step == Step::Start;
        if own && failure.status == other.status && failure.status != Some(0) {
            let status = failure.status.unwrap_or_default();
            done.remark = Some(format!(
                "it ended with status {status}, as without the profile"
            ));
            done.failure = None;
            return Ok(());
        }
        let status = other
            .status
            .map_or(String::new(), |status| format!(", status {status}"));
        Err(CommandError::user(format!(
            "the container fails without the profile too ({}{status}): {}",
            same.step.name(),
            other.last_line()
        )))
    }

    fn seen(&self, recordings: &[Recording]) -> (Result<Vec<Seen>, String>, Recording) {
        let mut all = Recording::default();
        let mut seen: Vec<Seen> = Vec::new();
        for recording in recordings {
            for (_, run) in recording.runs() {
                let Some(capture) = &run.capture else {
                    continue;
                };
                let Some(under) = &capture.under else {
                    continue;
                };
                let step = capture.labels.get(STEP).cloned().unwrap_or_default();
                let report = Report::of(under, &self.host);
                let gaps = run.tally.gaps.iter().copied();
                let gaps = gaps
                    .filter(|gap| *gap != Gap::Incremental)
                    .collect::<BTreeSet<_>>();
                match seen.iter_mut().find(|known| known.step == step) {
                    None => seen.push(Seen { step, report, gaps }),
                    Some(known) => {
                        known.report.absorb(report);
                        known.gaps.extend(gaps);
                    }
                }
            }
            all.merge(recording.clone());
        }
        seen.sort_by(|one, other| one.step.cmp(&other.step));
        if seen.is_empty() {
            return (Err("the recorder inside left nothing".to_owned()), all);
        }
        (Ok(seen), all)
    }
}

/// How an engine of this version reads profiles.
fn reader(kind: Kind, version: &Version, args: &EngineArgs, native: Arch) -> View {
    let first = version.engine.split('.').next();
    let major: Option<u32> = first.and_then(|first| first.parse().ok());
    let engine = match kind {
        Kind::Podman => Reader::Podman,
        Kind::Docker if major.is_some_and(|major| major < 23) => Reader::Docker20,
        Kind::Docker => Reader::Docker,
    };
    let args = EngineArgs {
        engine,
        libseccomp: args.libseccomp,
    };
    args.view(native)
}

impl Outcome {
    /// Whether the profile is good for this container.
    pub(crate) fn passed(&self) -> bool {
        self.tried.failed().is_none()
            && self.lacks().next().is_none()
            && self.seen.iter().flatten().all(|seen| seen.report.passed())
    }

    /// Calls of the runtime without which a start fails, always or now and then.
    pub(crate) fn lacks(&self) -> impl Iterator<Item = &Missing> {
        use callsieve::profile::floor::Evidence;
        self.missing
            .iter()
            .filter(|missing| match missing.needed.evidence {
                Evidence::Required | Evidence::Flaky => true,
                Evidence::Observed | Evidence::Tried => false,
            })
    }

    /// Whether everything was looked at.
    pub(crate) fn complete(&self) -> bool {
        match &self.seen {
            Ok(seen) => seen.iter().all(|seen| seen.gaps.is_empty()),
            Err(_) => false,
        }
    }
}
