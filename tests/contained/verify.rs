//! `callsieve verify --image`: containers tried under a profile, and what is said when they fail.

use std::fs;

use callsieve::profile::floor::{Evidence, Phase, Runtime, Which, rows_for};
use serde_json::Value;

use crate::rig::{Kind, PODMAN_LIMITS, Rig};
use crate::run::{Finished, run};
use crate::static_binary::static_binary;

impl Rig {
    /// `callsieve verify PROFILE --image IMAGE OPTIONS -- WORDS`
    fn verify(&self, profile: &str, image: &str, options: &[&str], words: &[&str]) -> Finished {
        let mut command = self.command(env!("CARGO_BIN_EXE_callsieve"));
        command.args(["verify", profile, "--image", image, "--settle", "500ms"]);
        command.args(["--container-engine", self.engine()]);
        if !options.contains(&"--timeout") {
            command.args(["--timeout", "10s"]);
        }
        command.arg("--binary").arg(static_binary());
        if self.kind == Kind::Podman {
            command.args(PODMAN_LIMITS.map(|word| format!("--run-option={word}")));
        }
        let finished = run(command.args(options).arg("--").args(words));
        self.assert_clean();
        finished
    }

    /// Records the image with these words and makes a profile of it, `p.json`.
    #[track_caller]
    fn profile(&self, image: &str, probe: Option<&str>, words: &[&str]) {
        let probe = probe.map_or(Vec::new(), |probe| vec!["--probe", probe]);
        let recorded = self.record(&probe, &[&[image], words].concat());
        assert!(self.path("a.rec.json").is_file(), "{recorded}");
        self.generate(&["--exec"]).expect_success();
    }

    fn generate(&self, options: &[&str]) -> Finished {
        let mut command = self.command(env!("CARGO_BIN_EXE_callsieve"));
        command.args(["generate", "a.rec.json", "-o", "p.json"]);
        run(command.args(options))
    }

    /// `p.json` without a name, in another file.
    fn without(&self, name: &str) -> String {
        let text = fs::read(self.path("p.json")).unwrap();
        let mut profile: Value = serde_json::from_slice(&text).unwrap();
        let rules = profile["syscalls"].as_array_mut().unwrap();
        for rule in rules.iter_mut() {
            let names = rule["names"].as_array_mut().unwrap();
            names.retain(|it| it != name);
        }
        rules.retain(|rule| !rule["names"].as_array().unwrap().is_empty());
        let file = format!("without-{name}.json");
        fs::write(self.path(&file), profile.to_string()).unwrap();
        file
    }
}

/// The report, and what it says in one place.
fn report(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished}"))
}

/// docs/verify-format.md has a word on every field.
#[track_caller]
fn described(value: &Value) {
    let text = include_str!("../../docs/verify-format.md");
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let known = [format!("`{name}`"), format!(".{name}`")];
                assert!(known.iter().any(|it| text.contains(it)), "`{name}`");
                // The names of calls.
                if name != "also" {
                    described(value);
                }
            }
        }
        Value::Array(all) => all.iter().for_each(described),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Runs on until it is asked to end.
const SERVER: [&str; 3] = [
    "sh",
    "-c",
    "trap 'exit 0' TERM; while :; do sleep 0.1; done",
];
const PROBE: &str = "ls /etc";
/// The same, which ends by itself.
const SHORT: [&str; 3] = [
    "sh",
    "-c",
    "trap 'exit 0' TERM; (sleep 2; kill $$) & while :; do sleep 0.1; done",
];

fn works(kind: Kind) {
    let Some(rig) = Rig::new(kind) else { return };
    rig.profile(&rig.shell, Some(PROBE), &SHORT);
    let finished = rig.verify("p.json", &rig.shell, &["--probe", PROBE], &SERVER);
    assert_eq!(finished.status, Some(0), "{finished}");
    assert!(
        finished.stdout.contains("It works under the profile."),
        "{finished}"
    );
    // A load that uses the container from outside.
    let load = format!("{} inspect $CALLSIEVE_CONTAINER > /dev/null", rig.engine());
    let finished = rig.verify(
        "p.json",
        &rig.shell,
        &["--load", &load, "--load", "exit 3", "-f", "json"],
        &SERVER,
    );
    // The load fails without the profile too, which says nothing of the profile.
    assert_eq!(finished.status, Some(2), "{finished}");
    assert!(
        finished
            .stderr
            .contains("the container fails without the profile too (load, status 3)"),
        "{finished}"
    );
    // A probe is confined like the program.
    let open = rig.without("getdents64");
    let finished = rig.verify(
        &open,
        &rig.shell,
        &["--probe", PROBE, "-f", "json"],
        &SERVER,
    );
    assert_eq!(finished.status, Some(1), "{finished}");
    let report = report(&finished);
    let refused = report["refused"].to_string();
    // runc needs it too, and says so; crun does not.
    let missing = report["missing"].to_string();
    assert!(
        refused.contains("getdents64") || missing.contains("getdents64"),
        "{finished}"
    );
    described(&report);
    if kind == Kind::Podman {
        assert!(refused.contains(r#""answer":"EPERM""#), "{finished}");
    }
}

#[test]
fn docker_works() {
    works(Kind::Docker);
}

#[test]
fn podman_works() {
    works(Kind::Podman);
}

/// Takes each required call of the runtime out of a profile that works.
#[test]
fn every_required_call_is_named() {
    let Some(rig) = Rig::new(Kind::Docker) else {
        return;
    };
    rig.profile(&rig.shell, None, &["true"]);
    let version = "1.1.5".parse().unwrap();
    for (options, no_new_privileges) in [
        (&[][..], false),
        (&["--run-option=--security-opt=no-new-privileges"], true),
    ] {
        let rows = rows_for(
            Runtime::Runc,
            Which::Only(version),
            Phase::Start,
            no_new_privileges,
        );
        let required: Vec<&str> = rows
            .iter()
            .flat_map(|row| row.calls())
            .filter(|(_, evidence)| *evidence == Evidence::Required)
            .map(|(name, _)| name)
            .collect();
        assert!(required.len() > 5, "{required:?}");
        for name in required {
            let profile = rig.without(name);
            let options = [options, &["-f", "json"]].concat();
            let finished = rig.verify(&profile, &rig.shell, &options, &["true"]);
            assert_eq!(finished.status, Some(1), "{name}: {finished}");
            let report = report(&finished);
            assert_eq!(report["steps"][0]["ok"], false, "{name}: {finished}");
            let missing = report["missing"].as_array().unwrap();
            let named = missing
                .iter()
                .any(|it| it["call"] == name && it["fails"] == true);
            assert!(named, "{name}: {finished}");
        }
    }
}

#[test]
fn repaired() {
    for kind in [Kind::Docker, Kind::Podman] {
        let Some(rig) = Rig::new(kind) else { return };
        // Nobody has seen the probe.
        rig.profile(&rig.shell, None, &SHORT);
        rig.generate(&["--runtime-floor", "none"]).expect_success();
        let before = fs::read(rig.path("a.rec.json")).unwrap();
        let options = ["--runtime-floor", "none", "--repair", "a.rec.json"];
        let finished = rig.verify(
            "p.json",
            &rig.shell,
            &[&options[..], &["--probe", PROBE]].concat(),
            &SERVER,
        );
        assert_eq!(finished.status, Some(0), "{finished}");
        assert!(finished.stderr.contains("Added getdents64: "), "{finished}");
        assert!(finished.stderr.contains("Wrote p.json"), "{finished}");
        let after = fs::read(rig.path("a.rec.json")).unwrap();
        assert!(after.len() > before.len(), "the recording has grown");
        // The recording says it all: no run is incomplete beside the others.
        let mut check = rig.command(env!("CARGO_BIN_EXE_callsieve"));
        check.args(["check", "p.json", "--at-most", "docker-default"]);
        run(&mut check).expect_success();
        rig.generate(&["--exec"]).expect_success();
        // Again there is nothing to be learned, and nothing is written.
        let finished = rig.verify("p.json", &rig.shell, &["--probe", PROBE], &SERVER);
        assert_eq!(finished.status, Some(0), "{finished}");
    }
}

#[test]
fn broken_containers() {
    let Some(rig) = Rig::new(Kind::Docker) else {
        return;
    };
    let killed = ["sh", "-c", "sh -c 'kill -9 $$'; exit 3"];
    rig.profile(&rig.shell, None, &killed);
    // It ends badly by itself, with the profile and without.
    for (words, status) in [(&["sh", "-c", "exit 7"][..], 7), (&killed, 3)] {
        let finished = rig.verify("p.json", &rig.shell, &[], words);
        assert_eq!(finished.status, Some(0), "{finished}");
        let says = format!("it ended with status {status}, as without the profile");
        assert!(finished.stdout.contains(&says), "{finished}");
    }
    for (image, options, words, says) in [
        (
            rig.shell.as_str(),
            &[][..],
            &["/nothing"][..],
            "the container fails without the profile too (start, status 127)",
        ),
        (
            &rig.shell,
            &["--probe", PROBE],
            &["true"],
            "it ended before it could be used",
        ),
        (
            "callsieve-test-no-such-image:1",
            &[],
            &[],
            "docker has no such image",
        ),
        (
            &rig.shell,
            &["--run-option=--privileged"],
            &["true"],
            "a privileged container has no profile",
        ),
        (
            &rig.shell,
            &["--run-option=--nonsense"],
            &["true"],
            "`--nonsense` is no option",
        ),
        (
            &rig.shell,
            &["--run-option=--rm"],
            &["true"],
            "has no use here",
        ),
        (
            &rig.shell,
            &["--probe", "[1]"],
            &["true"],
            "the probe is no list",
        ),
        (
            &rig.shell,
            &["--mode", "log"],
            &["true"],
            "`--mode log` is for a command",
        ),
    ] {
        let finished = rig.verify("p.json", image, options, words);
        assert_eq!(finished.status, Some(2), "{finished}");
        let errors: Vec<&str> = finished
            .stderr
            .lines()
            .filter(|line| line.starts_with("error:"))
            .collect();
        assert_eq!(errors.len(), 1, "{finished}");
        assert!(errors[0].contains(says), "{says}: {finished}");
    }
}

#[test]
fn floods_and_hangs() {
    let Some(rig) = Rig::new(Kind::Docker) else {
        return;
    };
    let flood = ["sh", "-c", "while :; do echo flood of words; done"];
    rig.profile(
        &rig.shell,
        None,
        &["sh", "-c", "echo a; sleep 0.1; kill -0 $$"],
    );
    let finished = rig.verify("p.json", &rig.shell, &[], &flood);
    assert_eq!(finished.status, Some(0), "{finished}");
    // A shell as the first process does not end when it is asked to.
    assert!(finished.stdout.contains("it was killed"), "{finished}");
    // A probe that never ends.
    let finished = rig.verify(
        "p.json",
        &rig.shell,
        &["--timeout", "1s", "--probe", "while :; do sleep 1; done"],
        &["sleep", "1000"],
    );
    assert_eq!(finished.status, Some(2), "{finished}");
    assert!(
        finished
            .stderr
            .contains("the container fails without the profile too (probe"),
        "{finished}"
    );
}

/// An image that has nothing but its program.
#[test]
fn no_shell() {
    let Some(rig) = Rig::new(Kind::Docker) else {
        return;
    };
    rig.profile(&rig.bare, None, &[]);
    let finished = rig.verify("p.json", &rig.bare, &["--run-option=--read-only"], &[]);
    assert_eq!(finished.status, Some(0), "{finished}");
}

#[test]
fn no_engine_and_a_dead_one() {
    let Some(rig) = Rig::new(Kind::Docker) else {
        return;
    };
    let words = [
        "verify",
        "docker-default",
        "--image",
        "x",
        "--container-engine",
        "docker",
    ];
    let mut nowhere = rig.command(env!("CARGO_BIN_EXE_callsieve"));
    let nowhere = run(nowhere.env("PATH", rig.path("empty")).args(words));
    assert_eq!(nowhere.status, Some(4), "{nowhere}");
    assert!(
        nowhere.stderr.contains("docker is not installed"),
        "{nowhere}"
    );
    let mut dead = rig.command(env!("CARGO_BIN_EXE_callsieve"));
    let dead = run(dead
        .env("DOCKER_HOST", "unix:///nonexistent/socket")
        .args(words));
    assert_eq!(dead.status, Some(4), "{dead}");
    assert!(dead.stderr.contains("does not answer"), "{dead}");
}
