//! `record --container`: containers that run already.

use std::process::{Command, Stdio};

use callsieve::event::Gap;

use crate::rig::{Kind, PODMAN_LIMITS, Rig, unique_name, wait_for};
use crate::run::{Finished, run};

fn record(rig: &Rig, id: &str) -> Command {
    let mut command = rig.command(env!("CARGO_BIN_EXE_callsieve"));
    command.args(["record", "--quiet", "-o", "a.rec.json", "--container", id]);
    command
}

/// All its processes are seen, also those that come from outside.
fn a_running_container(kind: Kind) {
    let Some(rig) = Rig::new(kind) else { return };
    let name = unique_name();
    let mut words = vec!["run", "--detach", "--name", &name];
    if kind == Kind::Podman {
        words.extend(PODMAN_LIMITS);
    }
    words.extend([
        rig.shell.as_str(),
        "sh",
        "-c",
        "while :; do sleep 0.1; done",
    ]);
    rig.ask(&words).expect_success();
    let mut child = record(&rig, &name)
        .args(["--checkpoint", "100ms", "--duration", "20s"])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for("nothing is recorded", || rig.path("a.rec.json").exists());
    // Comes and goes until the recorder has met one.
    wait_for("what exec brings in is not seen", || {
        rig.ask(&[
            "exec",
            &name,
            "sh",
            "-c",
            "sleep 0.6; mkdir /tmp/x; sleep 0.1",
        ]);
        rig.calls().contains(&"mkdir".to_owned())
    });
    run(Command::new("kill").args(["-s", "INT", &child.id().to_string()])).expect_success();
    let status = child.wait().unwrap();
    rig.ask(&["rm", "--force", &name]).expect_success();
    assert_eq!(status.code(), Some(3));
    let gaps: Vec<Gap> = rig.recording().gaps().map(|(_, gap)| gap).collect();
    assert_eq!(gaps, [Gap::NoStart, Gap::Detached]);
    let calls = rig.calls();
    assert!(calls.contains(&"wait4".to_owned()), "{calls:?}");
    let (_, first) = rig
        .recording()
        .runs()
        .next()
        .map(|(id, run)| (id, run.files.clone()))
        .unwrap();
    assert_eq!(first, [name]);
}

#[test]
fn a_running_container_docker() {
    a_running_container(Kind::Docker);
}

#[test]
fn a_running_container_podman() {
    a_running_container(Kind::Podman);
}

#[track_caller]
fn assert_error(ran: &Finished, status: i32, says: &str) {
    assert_eq!(ran.status, Some(status), "{ran}");
    let first = ran.stderr.lines().next().unwrap_or_default();
    assert!(
        first.starts_with("error: ") && first.contains(says),
        "{ran}"
    );
}

#[test]
fn containers_that_can_not_be_recorded() {
    let Some(rig) = Rig::new(Kind::Docker) else {
        return;
    };
    let name = unique_name();
    assert_error(&run(&mut record(&rig, &name)), 2, "no container");
    rig.ask(&["create", "--name", &name, &rig.shell])
        .expect_success();
    assert_error(&run(&mut record(&rig, &name)), 2, "is not running");
    rig.ask(&["rm", &name]).expect_success();
    assert_error(&run(&mut record(&rig, "-x")), 2, "");
    assert_error(&run(&mut record(&rig, "\u{1b}[31m")), 2, "no container");
    let mut alone = record(&rig, &name);
    alone.env("PATH", rig.path("bin"));
    assert_error(
        &run(&mut alone),
        4,
        "neither docker nor podman is installed",
    );
    assert!(!rig.path("a.rec.json").exists());
}
