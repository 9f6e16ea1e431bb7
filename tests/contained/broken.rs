//! What can't be recorded: one line, the right status, nothing left.

use crate::common::find_program;
use crate::rig::{Kind, Rig, unique_name};
use crate::run::{Finished, remove, run};

#[track_caller]
fn assert_error(ran: &Finished, status: i32, says: &str) {
    assert_eq!(ran.status, Some(status), "{ran}");
    let mut errors = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "));
    let error = errors.next().unwrap_or_else(|| panic!("{ran}"));
    assert!(error.contains(says), "{ran}");
    assert_eq!(errors.next(), None, "{ran}");
    assert!(!ran.stderr.contains('\u{1b}'), "{ran}");
}

#[test]
fn what_docker_refuses() {
    let Some(rig) = Rig::new(Kind::Docker) else {
        return;
    };
    let shell = rig.shell.as_str();
    let cases: [(&[&str], i32, &str); 9] = [
        (
            &["callsieve-test-no-such-image"],
            125,
            "docker has no such image",
        ),
        (&[shell, "no-such-program"], 127, "no-such-program"),
        (&[shell, "/etc/passwd"], 126, "/etc/passwd"),
        (
            &["--no-such-option", shell],
            2,
            "`--no-such-option` is no option of `run`",
        ),
        (
            &["--volume", "/a:/b:no-mode", shell],
            125,
            "`docker create` failed",
        ),
        (
            &["--name", "\u{1b}[31m\n", shell],
            125,
            "`docker create` failed",
        ),
        (&["\u{1b}[31mX"], 125, "`docker create` failed"),
        (&["--rm"], 2, "no image is named"),
        (&["--cpus", "-3", shell], 125, "`docker create` failed"),
    ];
    for (words, status, says) in cases {
        let ran = rig.record(&[], words);
        assert_error(&ran, status, says);
        assert!(!rig.path("a.rec.json").exists(), "{words:?}");
    }
    // It is made, and does not start.
    let ran = rig.record(&[], &["--device", "/dev/no-such-device", shell]);
    assert_eq!(ran.status, Some(125), "{ran}");
    assert!(ran.stderr.contains("the container did not start"), "{ran}");
}

#[test]
fn what_podman_refuses() {
    let Some(rig) = Rig::new(Kind::Podman) else {
        return;
    };
    let shell = rig.shell.as_str();
    assert_error(
        &rig.record(&[], &["callsieve-test-no-such-image"]),
        125,
        "podman has no such image",
    );
    assert_error(
        &rig.record(&[], &[shell, "no-such-program"]),
        127,
        "no-such-program",
    );
    assert_error(
        &rig.record(&[], &["--no-such-option", shell]),
        2,
        "no option of `run`",
    );
}

/// Told before a container is made.
#[test]
fn what_is_found_out_beforehand() {
    let Some(rig) = Rig::new(Kind::Docker) else {
        return;
    };
    let mut command = rig.callsieve(&[], &[&rig.shell]);
    let ran = run(command.env("DOCKER_HOST", "unix:///nonexistent"));
    assert_error(&ran, 4, "the daemon of docker does not answer");
    let mut command = rig.callsieve(&[], &[&rig.shell]);
    let ran = run(command.env("PATH", rig.path("bin")));
    assert_error(&ran, 4, "docker is not installed");

    let plain = |words: &[&str]| {
        let mut command = rig.command(env!("CARGO_BIN_EXE_callsieve"));
        run(command.args(["docker", "-o"]).args(words))
    };
    assert_error(&plain(&["a.rec.json", "--", "ps"]), 2, "there is no `run`");
    let sh = find_program("sh").unwrap();
    let sh = sh.to_str().unwrap();
    assert_error(
        &plain(&["a.rec.json", "--binary", sh, "--", "run", "x"]),
        2,
        "is not static",
    );
    let text = ["a.rec.json", "--binary", "/etc/passwd", "--", "run", "x"];
    assert_error(&plain(&text), 2, "`/etc/passwd` is no program");
    let none = ["a.rec.json", "--probe", "[]", "--", "run", "x"];
    assert_error(&plain(&none), 2, "the probe is empty");

    let output = |path: &str| {
        let mut command = rig.callsieve(&[], &[&rig.shell]);
        let args = command.get_args().map(|arg| {
            if arg == "a.rec.json" {
                path.as_ref()
            } else {
                arg
            }
        });
        let args: Vec<_> = args.map(ToOwned::to_owned).collect();
        command = rig.command(env!("CARGO_BIN_EXE_callsieve"));
        run(command.args(args))
    };
    assert_error(
        &output("no-such-folder/a.rec.json"),
        2,
        "no-such-folder/a.rec.json",
    );
    // Nothing fits on this one, which shows at the end only.
    assert_error(&output("/dev/full"), 125, "/dev/full");
    rig.assert_clean();
}

#[test]
fn an_image_of_another_machine() {
    let Some(rig) = Rig::new(Kind::Docker) else {
        return;
    };
    // The same image with another word in it: `docker import` knows no machine but its own.
    let name = unique_name();
    let script = "set -e; mkdir saved; docker save \"$1\" | tar -x -C saved; cd saved; \
        sed -i 's/\"architecture\":\"amd64\"/\"architecture\":\"arm64\"/' *.json; \
        sed -i \"s/$1/$2/\" manifest.json; rm -f repositories; tar -c . | docker load";
    let mut shell = rig.command("sh");
    run(shell.args(["-c", script, "sh", &rig.bare, &name])).expect_success();
    let ran = rig.record(&[], &[&name]);
    remove(rig.command("docker").args(["rmi", "--force", &name]));
    assert_error(
        &ran,
        4,
        "the image is for arm64, and what goes into it for amd64",
    );
}
