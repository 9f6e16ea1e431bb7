//! Records a workload, generates its profiles and tries them on every engine.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::engine::{Engine, Filter, Launch, shared_folder};
use crate::image::Image;
use crate::probe::{ENOSYS, EPERM, Probe, Rules};
use crate::rig::{Finished, callsieve, run};

/// Docker's defaults: the latest, which is what profiles are measured against if nothing else is
/// said, and the one of the daemon in Debian 12.
const DOCKER_DEFAULTS: [&str; 2] = ["docker-default", "docker-default@20.10.24"];

/// Refused by every profile here, though Docker's default allows the fourth to the sixth. The
/// kernel itself would refuse the arguments of the first six with another error than EPERM, so
/// that EPERM is the filter's.
const ALWAYS_OUTSIDE: [&str; 9] = [
    "keyctl",
    "mount",
    "unshare",
    "inotify_init1",
    "mlockall",
    "mq_open",
    "bpf",
    "kexec_load",
    "ptrace",
];
const TELLING: usize = 6;

/// Whom a container runs as: the user's number, and whether it is without new privileges.
const LANES: [(u32, bool); 3] = [(0, false), (1000, false), (0, true)];

/// An image, a command in it and what that prints.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) image: Image,
    pub(crate) command: &'static [&'static str],
    pub(crate) prints: &'static str,
    /// The architectures that the workload has code of.
    pub(crate) probes: Vec<Probe>,
}

impl Workload {
    pub(crate) fn new(
        image: Image,
        command: &'static [&'static str],
        prints: &'static str,
    ) -> Self {
        Self {
            image,
            command,
            prints,
            probes: vec![Probe::x86_64()],
        }
    }

    /// A container of this workload with no filter.
    pub(crate) fn launch(&self, user: u32, no_new_privileges: bool) -> Launch<'_> {
        Launch {
            image: &self.image,
            command: self.command,
            filter: Filter::None,
            user,
            no_new_privileges,
            trace: None,
            shares_network: false,
            init: false,
        }
    }

    /// Whether a run of the workload went as it should.
    pub(crate) fn passed(&self, finished: &Finished) -> bool {
        finished.succeeded() && finished.stdout == self.prints
    }

    /// Traces the workload in a container and gives the log.
    #[track_caller]
    pub(crate) fn record(&self, engine: Engine, filter: Filter<'_>, user: u32) -> Recording {
        let folder = shared_folder();
        let mut command = vec!["strace", "-f", "-n", "-o", "/trace/log"];
        command.extend(self.command);
        let launch = Launch {
            command: &command,
            filter,
            trace: Some(folder.path()),
            ..self.launch(user, false)
        };
        let finished = engine.launch(&launch);
        assert!(
            self.passed(&finished),
            "the recording itself failed: {finished}"
        );
        Recording(folder)
    }
}

/// A log of strace.
#[derive(Debug)]
pub(crate) struct Recording(TempDir);

impl Recording {
    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("log")
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.path()).unwrap()).into_owned()
    }
}

/// `callsieve generate` over the recordings, with further options.
#[track_caller]
pub(crate) fn generate(recordings: &[Recording], options: &[&str], profile: &Path) {
    let mut command = callsieve();
    command
        .arg("generate")
        .args(recordings.iter().map(Recording::path));
    let finished = run(command.arg("-o").arg(profile).args(options)).expect_success();
    assert_eq!(finished.stdout, "", "the profile was to go to a file");
}

/// The engines that are here.
pub(crate) fn engines() -> Vec<Engine> {
    Engine::ALL
        .into_iter()
        .filter(|engine| engine.require())
        .collect()
}

/// Records the workload with the first engine, and tries the generated profiles on all.
#[track_caller]
pub(crate) fn try_everywhere(workload: &Workload) {
    let engines = engines();
    let Some(recorder) = engines.first() else {
        return;
    };
    let recordings = [0, 1000].map(|user| workload.record(*recorder, Filter::None, user));
    let folder = TempDir::new().unwrap();
    let mut failures = Vec::new();
    let profiles = [false, true].map(|no_new_privileges| {
        let options: &[&str] = if no_new_privileges {
            &["--no-new-privileges"]
        } else {
            &[]
        };
        // The last of them, which is measured against the latest default, is the one to try.
        let path = folder
            .path()
            .join(format!("profile-{no_new_privileges}.json"));
        for base in DOCKER_DEFAULTS.into_iter().rev() {
            generate(&recordings, &[&["--base", base], options].concat(), &path);
            let mut diff = callsieve();
            diff.args(["diff", base])
                .arg(&path)
                .args(["--fail-on", "wider"]);
            let finished = run(&mut diff);
            if !finished.succeeded() {
                failures.push(format!("wider than Docker's default: {finished}"));
            }
        }
        path
    });
    for engine in engines {
        for (user, no_new_privileges) in LANES {
            let launch = workload.launch(user, no_new_privileges);
            let profile = &profiles[usize::from(no_new_privileges)];
            let found = try_profile(workload, engine, &launch, profile);
            let lane = format!("{engine}, user {user}, no new privileges: {no_new_privileges}");
            failures.extend(
                found
                    .into_iter()
                    .map(|failure| format!("{lane}: {failure}")),
            );
        }
    }
    assert!(
        failures.is_empty(),
        "{} failures:\n{}\nunder the profile\n{}",
        failures.len(),
        failures.join("\n"),
        fs::read_to_string(&profiles[0]).unwrap()
    );
}

/// Runs the workload and the probes in containers like `launch`, and tells what went wrong.
fn try_profile(
    workload: &Workload,
    engine: Engine,
    launch: &Launch<'_>,
    profile: &Path,
) -> Vec<String> {
    let filtered = Launch {
        filter: Filter::Profile(profile),
        ..*launch
    };
    let mut failures = Vec::new();
    let finished = engine.launch(&filtered);
    // One run that hangs is waited for, not one in every lane.
    assert!(finished.status.is_some(), "{finished}");
    if !workload.passed(&finished) {
        failures.push(format!(
            "the workload did not print\n{}but: {finished}",
            workload.prints
        ));
    }
    let rules = Rules::read(profile);
    for probe in &workload.probes {
        match try_probe(engine, launch, &filtered, probe, &rules) {
            Ok(found) => failures.extend(found),
            Err(finished) => failures.push(format!("the probe: {finished}")),
        }
    }
    failures
}

/// Compares what the calls answer with no filter, under the profile and under Docker's default.
fn try_probe(
    engine: Engine,
    free: &Launch<'_>,
    filtered: &Launch<'_>,
    probe: &Probe,
    rules: &Rules,
) -> Result<Vec<String>, Finished> {
    let allowed = rules.allowed(probe);
    let asked = [&allowed[..], &ALWAYS_OUTSIDE[..TELLING]].concat();
    let without = probe.ask(engine, free, &asked)?;
    let with = probe.ask(engine, filtered, &probe.names().collect::<Vec<_>>())?;

    let mut failures = Vec::new();
    for name in &allowed {
        if with[*name] != without[*name] {
            let (with, without) = (with[*name], without[*name]);
            failures.push(format!(
                "{name} is allowed and answers {with} instead of {without}"
            ));
        }
    }
    for (name, error) in with.iter().filter(|(name, _)| rules.refuse(name)) {
        if !rules.may_answer(probe, name, *error) {
            failures.push(format!("{name} is not allowed and answers {error}"));
        }
    }
    for name in ALWAYS_OUTSIDE {
        if with[name] != EPERM {
            failures.push(format!("{name} answers {} instead of EPERM", with[name]));
        }
    }
    for name in &ALWAYS_OUTSIDE[..TELLING] {
        if without[*name] == EPERM {
            failures.push(format!(
                "{name} answers EPERM without a filter: it tells nothing"
            ));
        }
    }
    if with["clone3"] != ENOSYS {
        failures.push(format!(
            "clone3 answers {} instead of ENOSYS",
            with["clone3"]
        ));
    }
    if engine == Engine::Docker {
        let default = Launch {
            filter: Filter::DockerDefault,
            ..*free
        };
        let default = probe.ask(engine, &default, &allowed)?;
        for (name, error) in default
            .iter()
            .filter(|(name, error)| without[*name] != **error)
        {
            failures.push(format!(
                "{name} is allowed, but Docker's default answers {error}"
            ));
        }
    }
    Ok(failures)
}
