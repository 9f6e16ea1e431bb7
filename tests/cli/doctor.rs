use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::bad_output::nix_is_root;
use crate::util::{PROGRAM, Ran, Sandbox, assert_harmless, ran, skipped};

/// With engines of the test's own.
fn doctor(sandbox: &Sandbox, arguments: &str) -> Ran {
    let path = format!("{}:/usr/bin:/bin", sandbox.root().display());
    let mut command = sandbox.command(PROGRAM);
    command.env("PATH", path).arg("doctor");
    ran(&command.args(arguments.split_whitespace()).output().unwrap())
}

/// Puts a script in the place of an engine or a runtime.
fn script(sandbox: &Sandbox, name: &str, text: &str) {
    sandbox.write(name, format!("#!/bin/sh\n{text}\n"));
    let executable = Permissions::from_mode(0o755);
    std::fs::set_permissions(sandbox.path(name), executable).unwrap();
}

fn silent_engines() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["docker", "podman", "runc", "crun", "youki"] {
        script(&sandbox, name, "exit 1");
    }
    sandbox
}

fn way<'v>(found: &'v Value, name: &str) -> &'v Value {
    let mut ways = found["ways"].as_array().unwrap().iter();
    ways.find(|way| way["name"] == name).unwrap()
}

#[test]
fn every_way_is_told() {
    let sandbox = silent_engines();
    let ran = doctor(&sandbox, "-f json");
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(found["schema"], 1);
    let names: Vec<&str> = found["ways"]
        .as_array()
        .unwrap()
        .iter()
        .map(|way| way["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names.join(" "),
        "ptrace notify ebpf attach containers docker podman verify image inspect"
    );
    let documented = std::fs::read_to_string("docs/doctor-format.md").unwrap();
    for name in names {
        assert!(documented.contains(&format!("`{name}`")), "{name}");
    }
    let expected = if found["records"] == true { 0 } else { 4 };
    assert_eq!(ran.code, Some(expected), "{ran:?}");
    assert_eq!(way(&found, "docker")["answer"], "no");
    assert_eq!(way(&found, "image")["answer"], "no");
}

#[test]
fn what_a_recorder_can_do_works() {
    let sandbox = silent_engines();
    // The same trial by hand.
    let recorded = sandbox.run("record --backend ptrace -q -o - -- true");
    if recorded.code != Some(0) {
        return skipped("ptrace", "nothing can be traced here");
    }
    let found: Value = serde_json::from_str(&doctor(&sandbox, "-f json").stdout).unwrap();
    for name in ["ptrace", "verify"] {
        let way = way(&found, name);
        assert_eq!(way["answer"], "yes", "{way}");
        assert_eq!(way["todo"], Value::Null);
    }
    assert_eq!(doctor(&sandbox, "--require ptrace,verify").code, Some(0));
    let lacks = doctor(&sandbox, "--require ptrace --require docker");
    assert_eq!(lacks.code, Some(4));
    doctor(&sandbox, "--require nothing").assert_error(2, "invalid value 'nothing'");
}

#[test]
fn without_privileges() {
    let sandbox = silent_engines();
    sandbox.copy_program();
    std::fs::set_permissions(sandbox.root(), Permissions::from_mode(0o755)).unwrap();
    let words = "--reuid 65534 --regid 65534 --clear-groups ./callsieve doctor -f json";
    let output = sandbox
        .command("setpriv")
        .args(words.split_whitespace())
        .output();
    let Ok(output) = output else {
        return skipped("setpriv", "setpriv is not installed");
    };
    if !nix_is_root() {
        return skipped("root", "only root can become another user");
    }
    let ran = ran(&output);
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    let ebpf = way(&found, "ebpf");
    assert_eq!(ebpf["answer"], "no");
    assert!(ebpf["todo"].as_str().unwrap().contains("CAP_BPF"), "{ebpf}");
    assert_eq!(way(&found, "containers")["answer"], "no");
    assert_eq!(way(&found, "inspect")["answer"], "no");
}

#[test]
fn an_engine_that_does_not_answer() {
    let sandbox = silent_engines();
    script(&sandbox, "docker", "exec sleep 60");
    script(&sandbox, "runc", "exec sleep 60");
    let ran = doctor(&sandbox, "-f json");
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    let docker = way(&found, "docker");
    assert_eq!(docker["why"], "`docker version` did not end in 10 s");
    assert!(ran.stdout.contains("`runc --version` did not end in 10 s"));
}

#[test]
fn an_engine_that_answers() {
    let sandbox = silent_engines();
    script(
        &sandbox,
        "docker",
        r#"case "$1 $3" in
"version {{json .Server}}") echo '{"Version":"99.1.2","Components":[{"Name":"runc","Version":"1.1.5"}]}' ;;
"info {{json .DefaultRuntime}}") echo '"runc"' ;;
"info {{json .SecurityOptions}}") echo '["name=seccomp,profile=default"]' ;;
esac"#,
    );
    script(&sandbox, "crun", "echo crun version 99.9.9");
    script(
        &sandbox,
        "runc",
        r#"printf 'runc version 1.1.5\n\033[31m\033]8;;x\007'"#,
    );
    let ran = doctor(&sandbox, "");
    assert!(
        ran.stdout
            .contains("docker 99.1.2 starts containers with runc 1.1.5"),
        "{ran:?}"
    );
    let squeezed = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = "99.9.9, its own calls were not measured: callsieve floor measure --runtime crun";
    let known =
        squeezed.contains(text) || squeezed.contains("crun 99.9.9, its own calls are known");
    assert!(known, "{squeezed}");
    assert!(squeezed.contains("runc 1.1.5, its own calls are known"));
    // Docker that confines nothing.
    script(&sandbox, "docker", r#"echo '{"Version":"1.2.3"}'"#);
    let ran = doctor(&sandbox, "");
    assert!(
        ran.stdout
            .contains("docker confines nothing: it has no seccomp"),
        "{ran:?}"
    );
}

#[test]
fn what_an_engine_says_is_harmless() {
    let sandbox = silent_engines();
    let hostile = r#"printf '\033]8;;http://x\007\033[2J\342\200\256evil\r\n' >&2; exit 1"#;
    for name in ["docker", "podman"] {
        script(&sandbox, name, hostile);
    }
    for arguments in ["", "-f json"] {
        let ran = doctor(&sandbox, arguments);
        assert_harmless(&ran.stdout);
        assert!(ran.stdout.contains("evil"), "{}", ran.stdout);
        let widest = ran.stdout.lines().map(|line| line.chars().count()).max();
        assert!(
            !arguments.is_empty() || widest <= Some(80),
            "{}",
            ran.stdout
        );
    }
}

#[test]
fn places_for_the_result() {
    let sandbox = silent_engines();
    doctor(&sandbox, "-o missing/x").assert_error(2, "can't write `missing/x`");
    doctor(&sandbox, "-o /dev/full").assert_error(2, "No space left");
    let ran = doctor(&sandbox, "-o found.txt");
    assert_eq!(ran.stdout, "");
    assert!(!sandbox.read("found.txt").is_empty());
}
