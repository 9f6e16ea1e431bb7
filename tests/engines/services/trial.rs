//! Records a server, makes its profiles and starts it under them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::client::{free_port, wait_for};
use super::lane::{Lane, Purpose};
use super::programs::Service;
use super::row::{self, Counts, Recorded, Row};
use crate::common::find_program;
use crate::engine::{Engine, Filter, Launch, shared_folder};
use crate::rig::{callsieve, run};

/// How often a server is started in each lane.
const STARTS: u32 = 10;
/// How often it is recorded as each user: what one run leaves to luck, another has.
const RECORDINGS: usize = 3;
/// A recording lasts longer than a trial, before and after the load, so that what a server does
/// by the clock is in it.
const IDLE: Duration = Duration::from_millis(1200);

/// The container recorder is given to the container in its folder.
const RECORDER: &str = "/trace/callsieve";

/// Recordings and profiles of a server.
struct Bench<'a> {
    service: &'a Service,
    folder: TempDir,
    recorder: Engine,
}

/// A profile and why its names are in it.
struct Made {
    path: PathBuf,
    counts: Counts,
}

/// Records, generates, starts, and compares with the row of the table.
#[track_caller]
pub(super) fn try_service(service: &Service) {
    let lanes: Vec<Lane> = Lane::ALL
        .into_iter()
        .filter(|lane| lane.engine.require())
        .collect();
    let Some(recorder) = [Engine::Runc, Engine::Crun, Engine::Docker]
        .into_iter()
        .find(|engine| lanes.iter().any(|lane| lane.engine == *engine))
    else {
        return;
    };
    let bench = Bench::new(service, recorder);
    let begin = Instant::now();
    let recordings = [0, 1000].map(|user| {
        let all = (0..RECORDINGS).map(|_| bench.record(user));
        (user, all.collect::<Vec<PathBuf>>())
    });
    let took = begin.elapsed();
    let seconds = took.as_secs_f64();
    println!("{}: recorded in {seconds:.1} s", service.name);
    let made = Purpose::ALL.map(|purpose| {
        let of_user = recordings.iter().find(|(user, _)| *user == purpose.user);
        bench.profile(purpose, &of_user.unwrap().1)
    });
    let (mut starts, mut failures) = (0, Vec::new());
    for lane in &lanes {
        let at = Purpose::ALL.iter().position(|it| *it == lane.purpose());
        let profile = &made[at.unwrap()];
        let begin = Instant::now();
        for start in 1..=STARTS {
            starts += 1;
            if let Err(what) = bench.attempt(*lane, Filter::Profile(&profile.path)) {
                let lacks = bench.lacks(*lane, &profile.path);
                failures.push(format!("{lane}, start {start}: {what}\n{lacks}"));
            }
        }
        let each = begin.elapsed() / STARTS;
        let (name, each) = (service.name, each.as_millis());
        println!("{name}: {lane}: {each} ms a start");
    }
    assert!(
        failures.is_empty(),
        "{}: {} of {starts} starts failed:\n{}",
        service.name,
        failures.len(),
        failures.join("\n")
    );
    if lanes.len() == Lane::ALL.len() {
        row::compare(&Row {
            program: service.name,
            recorded: recordings.each_ref().map(|(_, all)| recorded(all)),
            counts: made.map(|made| made.counts),
            starts,
        });
    }
}

/// Starts a server under a profile without a call that it makes.
#[track_caller]
pub(super) fn a_lack_is_told(service: &Service, call: &str) {
    let lane = Lane::ALL[3];
    if !lane.engine.require() {
        return;
    }
    let bench = Bench::new(service, lane.engine);
    let recordings = [bench.record(lane.user)];
    let path = bench.profile(lane.purpose(), &recordings).path;
    let mut profile = json(&path);
    for rule in profile["syscalls"].as_array_mut().unwrap() {
        let names = rule["names"].as_array_mut().unwrap();
        names.retain(|name| name != call);
    }
    fs::write(&path, profile.to_string()).unwrap();
    let what = bench.attempt(lane, Filter::Profile(&path)).unwrap_err();
    assert!(what.starts_with("it ended before it listened"), "{what}");
    let lacks = bench.lacks(lane, &path);
    assert!(lacks.contains(&format!(" {call}")), "{lacks}");
}

impl<'a> Bench<'a> {
    fn new(service: &'a Service, recorder: Engine) -> Self {
        let folder = shared_folder();
        let mut copy = Command::new("strip");
        copy.arg("-o").arg(folder.path().join("callsieve"));
        run(copy.arg(env!("CARGO_BIN_EXE_callsieve"))).expect_success();
        service
            .image
            .libraries(Path::new(env!("CARGO_BIN_EXE_callsieve")));
        Self {
            service,
            folder,
            recorder,
        }
    }

    /// Records a run with its load in a container without a filter.
    #[track_caller]
    fn record(&self, user: u32) -> PathBuf {
        let name = format!("{}.rec.json", crate::rig::unique_name());
        let inside = format!("/trace/{name}");
        let port = free_port().to_string();
        let mut command = vec![RECORDER, "record", "--checkpoint", "0", "-o", &inside, "--"];
        command.extend(&self.service.command);
        command.push(&port);
        let launch = self.launch(&command, user, false, Filter::None);
        let done = self.serve(self.recorder, &launch, port.parse().unwrap(), IDLE);
        done.unwrap_or_else(|what| panic!("{}: recording failed: {what}", self.service.name));
        self.folder.path().join(name)
    }

    fn launch<'b>(
        &'b self,
        command: &'b [&'b str],
        user: u32,
        no_new_privileges: bool,
        filter: Filter<'b>,
    ) -> Launch<'b> {
        Launch {
            image: &self.service.image,
            command,
            filter,
            user,
            no_new_privileges,
            trace: Some(self.folder.path()),
            shares_network: true,
            init: false,
        }
    }

    /// One start in a lane, to its clean end.
    fn attempt(&self, lane: Lane, filter: Filter<'_>) -> Result<(), String> {
        let port = free_port();
        let number = port.to_string();
        let mut command = self.service.command.clone();
        command.push(&number);
        let launch = self.launch(&command, lane.user, lane.no_new_privileges, filter);
        self.serve(lane.engine, &launch, port, Duration::ZERO)
    }

    /// Starts a container, loads it and stops it.
    fn serve(
        &self,
        engine: Engine,
        launch: &Launch<'_>,
        port: u16,
        idle: Duration,
    ) -> Result<(), String> {
        let mut started = engine.start(launch);
        let loaded = wait_for(port, || started.ended()).and_then(|()| {
            sleep(idle);
            (self.service.load)(port)?;
            sleep(idle);
            Ok(())
        });
        started.terminate();
        let finished = started.finish();
        loaded.map_err(|what| format!("{what}: {finished}"))?;
        if finished.status == Some(self.service.status) {
            Ok(())
        } else {
            let expected = self.service.status;
            Err(format!("not the status {expected}: {finished}"))
        }
    }

    /// Generates a profile, and has it proven to permit no more than Docker's default.
    #[track_caller]
    fn profile(&self, purpose: Purpose, recordings: &[PathBuf]) -> Made {
        let Purpose {
            user,
            runtime,
            no_new_privileges,
        } = purpose;
        let name = format!("{user}-{runtime}-{no_new_privileges}");
        let path = self.folder.path().join(format!("{name}.json"));
        let reasons = self.folder.path().join(format!("{name}.reasons.json"));
        let mut command = callsieve();
        command
            .arg("generate")
            .args(recordings)
            .arg("-o")
            .arg(&path);
        command.arg("--reasons").arg(&reasons);
        command.args(["--runtime-floor", &floor_of(runtime)]);
        if no_new_privileges {
            command.arg("--no-new-privileges");
        }
        run(&mut command).expect_success();
        run(callsieve()
            .arg("check")
            .arg(&path)
            .args(["--at-most", "docker-default"]))
        .expect_success();
        Made {
            counts: Counts::of(&path, &reasons),
            path,
        }
    }

    /// Which calls a new recording has that the profile refuses, for who looks into a failure.
    fn lacks(&self, lane: Lane, profile: &Path) -> String {
        let listed = run(callsieve().arg("list").arg(self.record(lane.user)));
        let allowed = row::allowed(profile);
        let lines = listed.stdout.lines();
        let made = lines.filter_map(|line| line.split_whitespace().nth(1));
        let lacking: Vec<&str> = made.filter(|name| !allowed.contains(*name)).collect();
        format!(
            "  another recording has, and the profile does not allow: {}",
            lacking.join(" ")
        )
    }
}

/// How many calls recordings have.
fn recorded(recordings: &[PathBuf]) -> Recorded {
    let calls = |recordings: &[PathBuf]| {
        let listed = run(callsieve().arg("list").args(recordings)).expect_success();
        let names: BTreeSet<&str> = listed.stdout.lines().collect();
        names.len()
    };
    let each = recordings.iter().map(std::slice::from_ref).map(calls);
    Recorded {
        least: each.min().unwrap(),
        all: calls(recordings),
    }
}

/// The floor of the runtime that is installed: `runc@1.1.5`.
fn floor_of(runtime: &str) -> String {
    if find_program(runtime).is_none() {
        return runtime.to_owned();
    }
    let said = run(Command::new(runtime).arg("--version")).expect_success();
    let version = said.stdout.split_whitespace().nth(2).unwrap_or_default();
    format!("{runtime}@{version}")
}

/// A JSON file.
pub(super) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}
