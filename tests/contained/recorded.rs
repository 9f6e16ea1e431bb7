//! Containers of every kind, recorded from their start to their end.

use std::io::Write as _;
use std::process::{Command, Stdio};

use callsieve::recording::{self, Recording};

use crate::rig::{Kind, Rig, calls, guest};
use crate::run::run;

fn labels(recording: &Recording, key: &str) -> Vec<String> {
    let runs = recording.runs();
    let mut values: Vec<String> = runs
        .filter_map(|(_, run)| run.capture.as_ref()?.labels.get(key).cloned())
        .collect();
    values.sort();
    values.dedup();
    values
}

/// What is seen in a container is what is seen outside, and nothing of the engine's.
fn the_set_is_that_of_the_program(kind: Kind) {
    let Some(rig) = Rig::new(kind) else { return };
    let outside = rig.path("outside.rec.json");
    let mut record = Command::new(env!("CARGO_BIN_EXE_callsieve"));
    record
        .args(["record", "--quiet", "--output"])
        .arg(&outside)
        .arg("--")
        .arg(guest());
    assert_eq!(run(&mut record).status, Some(7));
    let outside = recording::read(&std::fs::read(outside).unwrap()).unwrap();

    // An image without anything else, and a program that ends at once.
    let ran = rig.record(&["--label", "week=3"], &["--rm", &rig.bare]);
    assert_eq!(
        (ran.status, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(7), "guest\n", ""),
        "{ran}"
    );
    assert_eq!(rig.calls(), calls(&outside));
    let recorded = rig.recording();
    assert_eq!(recorded.gaps().count(), 0);
    assert_eq!(labels(&recorded, "week"), ["3"]);
    assert!(labels(&recorded, "engine")[0].starts_with(rig.engine()));
    assert!(labels(&recorded, "image")[0].contains(&rig.bare));
    assert!(labels(&recorded, "image-id")[0].starts_with("sha256:"));
    assert_eq!(labels(&recorded, "container").len(), 1);
    assert_eq!(labels(&recorded, "runtime").len(), 1);
}

#[test]
fn the_set_is_that_of_the_program_docker() {
    the_set_is_that_of_the_program(Kind::Docker);
}

#[test]
fn the_set_is_that_of_the_program_podman() {
    the_set_is_that_of_the_program(Kind::Podman);
}

fn containers_of_every_kind(kind: Kind, more: &[&[&str]]) {
    let Some(rig) = Rig::new(kind) else { return };
    let all = [
        "--user",
        "app",
        "--cap-drop",
        "ALL",
        "--security-opt",
        "no-new-privileges",
        "--read-only",
    ];
    let mut kinds: Vec<&[&str]> = vec![
        &[],
        &["--user", "app"],
        &["--cap-drop=ALL"],
        &["--security-opt", "no-new-privileges"],
        &["--read-only"],
        &all,
    ];
    kinds.extend(more);
    for options in kinds {
        let script = "id -u; read line; echo err >&2; mkdir /proc 2> /dev/null; exit 3";
        let ran = rig.record(
            &[],
            &[options, &["--", &rig.shell, "sh", "-c", script]].concat(),
        );
        assert_eq!(ran.status, Some(3), "{options:?} {ran}");
        let user = if options.contains(&"app") {
            "1000\n"
        } else {
            "0\n"
        };
        assert_eq!(
            (ran.stdout.as_str(), ran.stderr.as_str()),
            (user, "err\n"),
            "{options:?}"
        );
        assert!(rig.calls().contains(&"mkdir".to_owned()), "{options:?}");
        assert_eq!(rig.recording().gaps().count(), 0, "{options:?}");
    }
}

#[test]
fn containers_of_every_kind_docker() {
    containers_of_every_kind(Kind::Docker, &[&["--init"], &["--network", "none"]]);
}

#[test]
fn containers_of_every_kind_podman() {
    containers_of_every_kind(Kind::Podman, &[]);
}

#[test]
fn what_docker_run_does_beside() {
    let Some(rig) = Rig::new(Kind::Docker) else {
        return;
    };
    // In the background it prints the number of the container, which is in the file too.
    let words = [
        "-d",
        "--cidfile",
        "cid",
        "--entrypoint",
        "/bin/sh",
        &rig.shell,
        "-c",
        "echo out; exit 4",
    ];
    let ran = rig.record(&[], &words);
    assert_eq!(ran.status, Some(4), "{ran}");
    let id = std::fs::read_to_string(rig.path("cid")).unwrap();
    assert_eq!(ran.stdout, format!("{id}\n"));
    assert!(id.len() == 64, "{id}");
    // That file stands for a container that may run.
    let ran = rig.record(&[], &["--cidfile", "cid", &rig.shell]);
    assert_eq!(ran.status, Some(125), "{ran}");

    let mut child = rig
        .callsieve(&[], &["-i", "--rm", &rig.shell, "cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"to it\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(0), &b"to it\n"[..])
    );
    rig.assert_clean();

    // What is known runs at full speed and is left out.
    std::fs::rename(rig.path("a.rec.json"), rig.path("known.rec.json")).unwrap();
    let ran = rig.record(
        &["--known", "known.rec.json"],
        &[&rig.shell, "mkdir", "/tmp/x"],
    );
    assert_eq!(ran.status, Some(0), "{ran}");
    let calls = rig.calls();
    assert!(
        calls.contains(&"mkdir".to_owned()) && !calls.contains(&"read".to_owned()),
        "{calls:?}"
    );
}

#[test]
fn probes_and_health_checks() {
    let Some(rig) = Rig::new(Kind::Docker) else {
        return;
    };
    let options = [
        "--probe",
        r#"["/bin/ls", "/"]"#,
        "--probe",
        "mkdir /tmp/probed; exit 1",
        "--probe-interval",
        "300ms",
    ];
    let words = [
        "--user",
        "app",
        "--health-cmd",
        "cat /etc/passwd",
        "--health-interval",
        "1s",
        &rig.shell,
        "sleep",
        "4",
    ];
    let mut command = rig.callsieve(&options, &words);
    // The summary is wanted here.
    let args: Vec<_> = command
        .get_args()
        .filter(|arg| *arg != "--quiet")
        .map(ToOwned::to_owned)
        .collect();
    command = rig.command(env!("CARGO_BIN_EXE_callsieve"));
    let ran = run(command.args(args));
    rig.assert_clean();
    assert_eq!(ran.status, Some(0), "{ran}");
    let recording = rig.recording();
    assert_eq!(
        labels(&recording, "probe"),
        [
            "HEALTHCHECK",
            r#"["/bin/ls", "/"]"#,
            "mkdir /tmp/probed; exit 1"
        ]
    );
    // However often they ran, each stands there for what it adds.
    assert!(recording.runs().len() < 12, "{}", recording.runs().len());
    for name in ["mkdir", "getdents64", "clock_nanosleep"] {
        let there = rig
            .calls()
            .iter()
            .any(|call| call == name || (name == "clock_nanosleep" && call == "nanosleep"));
        assert!(there, "no {name}");
    }
    assert!(ran.stderr.contains("mkdir /tmp/probed; exit 1: "), "{ran}");
    assert!(ran.stderr.contains(", failed "), "{ran}");
    assert!(ran.stderr.contains("docker exec"), "{ran}");
}
