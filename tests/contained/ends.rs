//! Containers that end in another way, and what is left of their recordings.

use std::process::Command;

use callsieve::event::Gap;

use crate::rig::{Kind, Rig, unique_name, wait_for};
use crate::run::run;

fn signal(child: &std::process::Child, signal: &str) {
    run(Command::new("kill").args(["-s", signal, &child.id().to_string()])).expect_success();
}

fn is_running(rig: &Rig, name: &str) -> bool {
    let answer = rig.ask(&["logs", name]);
    answer.succeeded() && answer.stdout.contains("ready")
}

/// Signals to this program reach the container's.
fn interrupted(kind: Kind) {
    let Some(rig) = Rig::new(kind) else { return };
    for (sent, detached) in [("INT", false), ("TERM", false), ("TERM", true)] {
        let name = unique_name();
        let script = "trap 'exit 5' INT TERM; echo ready; while :; do sleep 0.1; done";
        let mut words = vec!["--name", &name];
        if detached {
            words.push("-d");
        }
        let child = rig.start(
            &[],
            &[&words[..], &[&rig.shell, "sh", "-c", script]].concat(),
        );
        wait_for("the container does not run", || is_running(&rig, &name));
        signal(&child, sent);
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(5),
            "{sent} {detached} {output:?}"
        );
        rig.assert_clean();
        assert_eq!(rig.recording().gaps().count(), 0);
    }
}

#[test]
fn interrupted_docker() {
    interrupted(Kind::Docker);
}

#[test]
fn interrupted_podman() {
    interrupted(Kind::Podman);
}

/// A program that does not listen is killed at the third signal; what was seen by then is there
/// and says that it is not all.
#[test]
fn three_interrupts_kill() {
    let Some(rig) = Rig::new(Kind::Docker) else {
        return;
    };
    let name = unique_name();
    let script = "trap '' INT TERM; mkdir /tmp/x; echo ready; while :; do sleep 0.1; done";
    let child = rig.start(
        &["--checkpoint", "200ms"],
        &["--name", &name, &rig.shell, "sh", "-c", script],
    );
    // While it runs the recording is here already.
    wait_for("no checkpoint", || rig.path("a.rec.json").exists());
    for _ in 0..3 {
        signal(&child, "TERM");
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(137), "{output:?}");
    rig.assert_clean();
    let gaps: Vec<Gap> = rig.recording().gaps().map(|(_, gap)| gap).collect();
    assert_eq!(gaps, [Gap::Detached]);
    assert!(rig.calls().contains(&"mkdir".to_owned()));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("warning: sh is incomplete"), "{said}");
}

/// Each start of a container writes a recording of its own.
#[test]
fn started_again() {
    let Some(rig) = Rig::new(Kind::Docker) else {
        return;
    };
    let script =
        "if [ -e /tmp/x ]; then cat /etc/passwd > /dev/null; exit 0; fi; mkdir /tmp/x; exit 9";
    let ran = rig.record(
        &[],
        &["--restart", "on-failure:2", &rig.shell, "sh", "-c", script],
    );
    let recording = rig.recording();
    assert_eq!(recording.runs().len(), 2, "{ran}");
    assert_eq!(
        (ran.status, recording.gaps().count()),
        (Some(0), 0),
        "{ran}"
    );
    assert!(rig.calls().contains(&"mkdir".to_owned()));
}

/// Whoever can write in the container can write beside the recording, and it is told.
#[test]
fn what_is_no_recording_is_left_out() {
    let Some(rig) = Rig::new(Kind::Docker) else {
        return;
    };
    let script = "echo x > /.callsieve/out/y.rec.json; cd /.callsieve/out; busybox ln -s /etc/passwd z.rec.json";
    let ran = rig.record(&[], &[&rig.shell, "sh", "-c", script]);
    assert_eq!(ran.status, Some(3), "{ran}");
    assert!(
        ran.stderr
            .contains("warning: y.rec.json of the container is left out"),
        "{ran}"
    );
    assert!(
        ran.stderr
            .contains("warning: z.rec.json of the container is left out"),
        "{ran}"
    );
    assert_eq!(rig.recording().runs().len(), 1);
}
