//! Without any one call that the table of floors has as required, no container starts; what the
//! engines say then is in refused-starts.json, from which the library's symptoms come. What comes by
//! chance, or when a further program is run in a container, was collected by hand in the same way:
//! refused-otherwise.json.
//!
//! The job is a program that does nothing but end, so that whatever is missing is the runtime's.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use callsieve::profile::floor::{Evidence, Phase, Row, Runtime, Version, Which, explain, rows_for};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::require_program;
use crate::engine::{Engine, Filter, Launch};
use crate::image::{Image, PROBE_FLAGS, require_builders};
use crate::rig::{Finished, callsieve, run};

/// A call that is called required and without which so many containers start is not.
const TRIES: u32 = 20;

/// A start that failed, as the file has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Refused {
    engine: String,
    runtime: String,
    phase: String,
    no_new_privileges: bool,
    missing: String,
    status: Option<i32>,
    says: Vec<String>,
}

struct Bench {
    image: Image,
    folder: TempDir,
    recording: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let image = Image::new();
        image.guest("exit.c", "exit", PROBE_FLAGS);
        let folder = TempDir::new().unwrap();
        let recording = folder.path().join("exit.rec.json");
        let mut record = callsieve();
        record.arg("record").arg("-o").arg(&recording).arg("--");
        run(record.arg(image.root().join("usr/bin/exit"))).expect_success();
        Self {
            image,
            folder,
            recording,
        }
    }

    /// A profile that works.
    fn profile(&self, floor: &str, way: Way) -> Value {
        let path = self.folder.path().join("profile.json");
        let mut generate = callsieve();
        generate
            .arg("generate")
            .arg(&self.recording)
            .arg("-o")
            .arg(&path);
        generate.args(["--runtime-floor", floor]);
        if way.no_new_privileges {
            generate.arg("--no-new-privileges");
        }
        if way.init {
            generate.arg("--init");
        }
        run(&mut generate).expect_success();
        serde_json::from_slice(&fs::read(&path).unwrap()).unwrap()
    }

    fn start(&self, engine: Engine, profile: &Value, way: Way) -> Finished {
        let path = self.folder.path().join("tried.json");
        fs::write(&path, profile.to_string()).unwrap();
        engine.launch(&Launch {
            image: &self.image,
            command: &["exit"],
            filter: Filter::Profile(&path),
            user: 0,
            no_new_privileges: way.no_new_privileges,
            trace: None,
            shares_network: true,
            init: way.init,
        })
    }
}

/// A way of starting a container.
#[derive(Clone, Copy, Debug)]
struct Way {
    no_new_privileges: bool,
    init: bool,
}

/// The ways of an engine. Only Docker has docker-init, and it does the same with no-new-privileges.
fn ways(engine: Engine) -> Vec<Way> {
    let way = |no_new_privileges, init| Way {
        no_new_privileges,
        init,
    };
    let mut ways = vec![way(false, false), way(true, false)];
    if engine == Engine::Docker && require_program("docker-init", "docker.io") {
        ways.push(way(true, true));
    }
    ways
}

/// With these crun waits between `create` and `start`, which is what engines do; the tests start it with
/// `run`.
const BETWEEN_CREATE_AND_START: [&str; 2] = ["pselect6", "read"];

/// Without it Podman fails in one of several ways, of which one is to wait for ever: what it says otherwise
/// was collected by hand.
const HANGS_NOW_AND_THEN: &str = "pselect6";

/// What is required in this way.
fn required(
    engine: Engine,
    runtime: Runtime,
    way: Way,
    version: Version,
) -> BTreeSet<&'static str> {
    let names = |runtime, which, phase| {
        let rows = rows_for(runtime, which, phase, way.no_new_privileges);
        let calls = rows.into_iter().flat_map(Row::calls);
        let required = calls.filter(|(_, why)| *why == Evidence::Required);
        required.map(|(name, _)| name).collect::<BTreeSet<_>>()
    };
    let mut start = names(runtime, Which::Only(version), Phase::Start);
    if engine == Engine::Crun {
        start.retain(|name| !BETWEEN_CREATE_AND_START.contains(name));
    }
    if engine == Engine::Podman {
        start.remove(HANGS_NOW_AND_THEN);
    }
    if !way.init {
        return start;
    }
    // Without the others docker-init is not even started.
    let init = names(Runtime::DockerInit, Which::Any, Phase::Init);
    &init - &start
}

/// The profile without a name.
fn without(mut profile: Value, name: &str) -> Value {
    let mut found = false;
    let rules = profile["syscalls"].as_array_mut().unwrap();
    for rule in rules.iter_mut() {
        let names = rule["names"].as_array_mut().unwrap();
        let before = names.len();
        names.retain(|other| other != name);
        found |= names.len() < before;
    }
    rules.retain(|rule| rule["names"] != Value::Array(Vec::new()));
    assert!(found, "{name} was not in the profile");
    profile
}

/// What the runtime of an engine is and which version.
fn runtime_of(engine: Engine) -> (Runtime, String) {
    let runtime = match engine {
        Engine::Docker | Engine::Runc => Runtime::Runc,
        Engine::Crun | Engine::Podman => Runtime::Crun,
    };
    let said = run(Command::new(runtime.name()).arg("--version")).expect_success();
    let version = said.stdout.split_whitespace().nth(2).unwrap_or_default();
    (runtime, version.split('+').next().unwrap().to_owned())
}

/// Takes each required call out of a profile that works.
fn refused(engine: Engine, runtime: Runtime, version: &str) -> Vec<Refused> {
    let bench = Bench::new();
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for way in ways(engine) {
        let works = bench.profile(&format!("{runtime}@{version}"), way);
        bench.start(engine, &works, way).expect_success();
        for missing in required(engine, runtime, way, version.parse().unwrap()) {
            let profile = without(works.clone(), missing);
            let mut tries = (0..TRIES).map(|_| bench.start(engine, &profile, way));
            let Some(failed) = tries.find(|finished| !finished.succeeded()) else {
                wrong.push(format!("{missing}: {way:?}"));
                continue;
            };
            let phase = if way.init { Phase::Init } else { Phase::Start };
            found.push(Refused {
                engine: engine.to_string(),
                runtime: format!("{runtime} {version}"),
                phase: phase.to_string(),
                no_new_privileges: way.no_new_privileges,
                missing: missing.to_owned(),
                status: failed.status,
                says: plain(&failed),
            });
        }
    }
    assert!(
        wrong.is_empty(),
        "{engine} starts a container {TRIES} times without what is called required: {}",
        wrong.join("; ")
    );
    found
}

/// The lines that were said, without what is another each time.
fn plain(finished: &Finished) -> Vec<String> {
    let all = finished.stdout.lines().chain(finished.stderr.lines());
    let telling = all.filter(|line| {
        !line.trim().is_empty() && !line.starts_with("Run 'docker") && !line.contains("=warning")
    });
    telling.map(without_time).collect()
}

/// A line of a log without its time.
fn without_time(line: &str) -> String {
    for (before, after) in [("time=\"", "\" "), (",\"time\":\"", "\"}")] {
        if let Some((head, rest)) = line.split_once(before)
            && let Some((_, tail)) = rest.split_once(after)
        {
            let close = if after.ends_with('}') { "}" } else { "" };
            return format!("{head}{tail}{close}");
        }
    }
    line.to_owned()
}

/// The file has what the engine says here, and the library knows what it means.
#[track_caller]
fn nothing_starts(engine: Engine) {
    static FILE: Mutex<()> = Mutex::new(());
    if !require_builders() || !engine.require() {
        return;
    }
    let (runtime, version) = runtime_of(engine);
    let found = refused(engine, runtime, &version);
    for it in &found {
        let symptoms = explain(&it.says.join("\n"), it.status);
        let named = symptoms
            .iter()
            .any(|symptom| symptom.names.contains(&it.missing.as_str()));
        assert!(named, "not explained: {it:?}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engines/refused-starts.json");
    let _one_at_a_time = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let updating = std::env::var_os("UPDATE_EXPECT").is_some();
    let all = fs::read(&path).map(|text| serde_json::from_slice(&text));
    let mut all: Vec<Refused> = match all {
        Ok(Ok(all)) => all,
        _ if updating => Vec::new(),
        other => panic!("{}: {other:?}", path.display()),
    };
    let same = |it: &Refused| found.first().is_some_and(|one| it.is_as(one));
    if updating {
        all.retain(|it| !same(it));
        all.extend(found);
        all.sort();
        fs::write(&path, serde_json::to_string_pretty(&all).unwrap() + "\n").unwrap();
        return;
    }
    let known: Vec<&Refused> = all.iter().filter(|it| same(it)).collect();
    // Another version of a runtime says what it says; the library explained it.
    if known.is_empty() {
        return;
    }
    let short = |it: &Refused| {
        // How a container dies between the two is a matter of timing.
        let chance = BETWEEN_CREATE_AND_START.contains(&it.missing.as_str());
        let status = it.status.filter(|_| !chance);
        (
            it.phase.clone(),
            it.no_new_privileges,
            it.missing.clone(),
            status,
        )
    };
    assert_eq!(
        found.iter().map(short).collect::<BTreeSet<_>>(),
        known.into_iter().map(short).collect::<BTreeSet<_>>(),
        "{} is not what {engine} says",
        path.display()
    );
}

impl Refused {
    /// Whether both are of one engine and one version.
    fn is_as(&self, other: &Self) -> bool {
        self.engine == other.engine && self.runtime == other.runtime
    }
}

#[test]
fn docker_without_a_required_call() {
    nothing_starts(Engine::Docker);
}

#[test]
fn podman_without_a_required_call() {
    nothing_starts(Engine::Podman);
}

#[test]
fn runc_without_a_required_call() {
    nothing_starts(Engine::Runc);
}

#[test]
fn crun_without_a_required_call() {
    nothing_starts(Engine::Crun);
}
