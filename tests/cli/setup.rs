//! `setup`: what it prints, writes and takes back, and what it leaves alone. And the hook and the
//! runtime as far as they need no container: whatever comes, a container is not kept from starting.

use std::os::unix::fs::PermissionsExt as _;

use crate::common::require;
use crate::util::Sandbox;

fn is_root(sandbox: &Sandbox) -> bool {
    let ran = sandbox.command("id").arg("-u").output().unwrap();
    require(
        "root",
        ran.stdout == b"0\n",
        "the hook and engines' files are root's",
    )
}

const DAEMON: &str = "{\n    \"data-root\" : \"/srv/docker\",\n    \"mtu\": 1.4e3\n}\n";

#[test]
fn docker_is_printed_applied_and_undone() {
    let sandbox = Sandbox::new();
    if !is_root(&sandbox) {
        return;
    }
    sandbox.write("daemon.json", DAEMON);
    let mode = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(sandbox.path("daemon.json"), mode).unwrap();
    let printed = sandbox.run("setup docker --file daemon.json --output /srv/recordings");
    assert_eq!(printed.code, Some(0), "{}", printed.stderr);
    assert_eq!(sandbox.read("daemon.json"), DAEMON.as_bytes());
    for expected in [
        "    \"data-root\" : \"/srv/docker\",\n    \"mtu\": 1.4e3,\n    \"runtimes\": {",
        "\"oci-runtime\"",
        "\"--output\"",
        "\"/srv/recordings\"",
    ] {
        assert!(printed.stdout.contains(expected), "{}", printed.stdout);
    }
    let applied = sandbox.run("setup docker --file daemon.json --output /srv/recordings --apply");
    assert_eq!(
        (applied.code, applied.stdout.as_str()),
        (Some(0), ""),
        "{}",
        applied.stderr
    );
    assert_eq!(sandbox.read("daemon.json"), printed.stdout.as_bytes());
    assert_eq!(
        sandbox.read("daemon.json.before-callsieve"),
        DAEMON.as_bytes()
    );
    for name in ["daemon.json", "daemon.json.before-callsieve"] {
        let found = std::fs::metadata(sandbox.path(name)).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o640, "{name}");
    }
    let again = sandbox.run("setup docker --file daemon.json --output /srv/recordings --apply");
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
    let undone = sandbox.run("setup docker --file daemon.json --undo");
    assert_eq!(undone.code, Some(0), "{}", undone.stderr);
    assert_eq!(sandbox.read("daemon.json"), DAEMON.as_bytes());
    let again = sandbox.run("setup docker --file daemon.json --undo");
    assert!(again.stderr.contains("nothing to undo"), "{}", again.stderr);
}

#[test]
fn every_container_of_docker() {
    let sandbox = Sandbox::new();
    if !is_root(&sandbox) {
        return;
    }
    let all = sandbox.run("setup docker --file new.json --all --apply");
    assert_eq!(all.code, Some(0), "{}", all.stderr);
    let text = String::from_utf8(sandbox.read("new.json")).unwrap();
    assert!(
        text.contains("\"default-runtime\": \"callsieve\""),
        "{text}"
    );
    sandbox.ok("setup docker --file new.json --undo");
    assert_eq!(sandbox.read("new.json"), b"{}\n");
    sandbox.write("gpu.json", "{\"default-runtime\": \"nvidia\"}");
    let refused = sandbox.run("setup docker --file gpu.json --all --apply");
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("hint: put this into it by hand: {"),
        "{}",
        refused.stderr
    );
    assert_eq!(
        sandbox.read("gpu.json"),
        b"{\"default-runtime\": \"nvidia\"}"
    );
}

#[test]
fn what_is_not_understood_is_left_alone() {
    let sandbox = Sandbox::new();
    for text in [
        "// \u{1b}[31m\n{}",
        "[]",
        "{\"runtimes\": 1}",
        "{\"runtimes\":",
        "\u{1b}",
    ] {
        sandbox.write("daemon.json", text);
        for words in ["", " --undo"] {
            let ran = sandbox.run(&format!("setup docker --file daemon.json{words}"));
            let fine = text.contains(": 1") && words == " --undo";
            assert_eq!(
                ran.code,
                Some(if fine { 0 } else { 2 }),
                "{text}: {}",
                ran.stderr
            );
            assert!(!ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
            assert!(ran.stdout.is_empty());
            assert_eq!(sandbox.read("daemon.json"), text.as_bytes());
        }
    }
    for (words, code) in [
        ("--file /dev/full", 2),
        ("--file .", 2),
        ("--output a$b --file none", 2),
        ("--undo --apply", 2),
        ("--undo --file none", 0),
    ] {
        let ran = sandbox.run(&format!("setup docker {words}"));
        assert_eq!(ran.code, Some(code), "{words}: {}", ran.stderr);
    }
    assert_eq!(sandbox.run("setup podman --runtime crun").code, Some(2));
}

#[test]
fn a_hook_of_podman() {
    let sandbox = Sandbox::new();
    if !is_root(&sandbox) {
        return;
    }
    sandbox.ok("setup podman --file hooks.d/callsieve.json --apply");
    let text = String::from_utf8(sandbox.read("hooks.d/callsieve.json")).unwrap();
    assert!(
        text.contains(r#""^callsieve\\.record$": "^(1|true|yes)$""#),
        "{text}"
    );
    sandbox.ok("setup podman --file hooks.d/callsieve.json --all --apply");
    let text = String::from_utf8(sandbox.read("hooks.d/callsieve.json")).unwrap();
    assert!(text.contains(r#""always": true"#), "{text}");
    sandbox.ok("setup podman --file hooks.d/callsieve.json --undo");
    assert!(!sandbox.path("hooks.d/callsieve.json").exists());
    sandbox.write(
        "other.json",
        r#"{"version":"1.0.0","hook":{"path":"/other"}}"#,
    );
    assert_eq!(
        sandbox.run("setup podman --file other.json --apply").code,
        Some(2)
    );
    sandbox.ok("setup podman --file other.json --undo");
    assert!(sandbox.path("other.json").exists());
}

/// A program that others can change is not given to root.
#[test]
fn a_program_that_others_can_change() {
    let sandbox = Sandbox::new();
    if !is_root(&sandbox) {
        return;
    }
    sandbox.copy_program();
    let mode = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(sandbox.path("callsieve"), mode).unwrap();
    let ran = sandbox
        .command("./callsieve")
        .args(["setup", "docker", "--file", "daemon.json", "--apply"])
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(2));
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(said.contains("can be changed by another user"), "{said}");
    assert!(!sandbox.path("daemon.json").exists());
}

#[test]
fn the_hook_ends_well_whatever_comes() {
    let sandbox = Sandbox::new();
    for state in [
        "",
        "garbage",
        "{}",
        r#"{"id":"a","pid":1}"#,
        r#"{"id":"a","pid":-1}"#,
        r#"{"id":"a","pid":2147483647}"#,
        "{\"id\":\"\u{1b}[31m\u{202e}../../x\",\"pid\":2147483647}",
        r#"{"id":7,"pid":"7"}"#,
        &"[".repeat(2 << 20),
    ] {
        let ran = sandbox.piped("record --oci-hook -o folder", state.as_bytes());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(
            !ran.stderr.contains(['\u{1b}', '\u{202e}']),
            "{}",
            ran.stderr
        );
    }
    for words in [
        "record --oci-hook --pid 7",
        "record --oci-hook --no-such-option",
        "record --oci-hook -o /dev/full",
        "record --oci-hook --label",
        "record --oci-hook --all",
    ] {
        let ran = sandbox.piped(words, b"");
        assert_eq!(ran.code, Some(0), "{words}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: "), "{words}: {}", ran.stderr);
    }
    // It is no word of a command that is recorded.
    let words = [
        "record",
        "-q",
        "-o",
        "a.json",
        "--",
        "sh",
        "-c",
        "exit 3",
        "--oci-hook",
    ];
    let ran = sandbox.args(words);
    assert_ne!(ran.code, Some(0), "{}", ran.stderr);
}

/// Others may not write to the folder, as root does.
#[test]
fn a_folder_that_others_can_write_to() {
    let sandbox = Sandbox::new();
    if !is_root(&sandbox) {
        return;
    }
    std::fs::create_dir(sandbox.path("open")).unwrap();
    let mode = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(sandbox.path("open"), mode).unwrap();
    let ran = sandbox.piped(
        "record --oci-hook -o open",
        br#"{"id":"a","pid":2147483647}"#,
    );
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.stderr.contains("others may write to it"),
        "{}",
        ran.stderr
    );
    assert_eq!(std::fs::read_dir(sandbox.path("open")).unwrap().count(), 0);
}

/// A runtime that prints its words stands for one.
#[test]
fn the_runtime_gets_its_words() {
    let sandbox = Sandbox::new();
    sandbox.write("bundle.json", "{}");
    std::fs::create_dir(sandbox.path("bundle")).unwrap();
    sandbox.write("bundle/config.json", r#"{"ociVersion":"1.0.2"}"#);
    let ran = sandbox.run("oci-runtime --runtime /bin/echo -- --root /r create --bundle bundle id");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.stdout, "--root /r create --bundle bundle id\n");
    let config = String::from_utf8(sandbox.read("bundle/config.json")).unwrap();
    assert!(
        config.contains(r#""args":["callsieve","record","--oci-hook"]"#),
        "{config}"
    );
    // What can't be changed is not recorded, and starts.
    sandbox.write("bundle/config.json", "\u{1b}");
    for (words, warns) in [
        ("create --bundle bundle id", true),
        ("create --bundle nowhere id", true),
        ("delete --force id", false),
        ("features", false),
    ] {
        let ran = sandbox.run(&format!("oci-runtime --runtime /bin/echo -- {words}"));
        assert_eq!(
            (ran.code, ran.stdout),
            (Some(0), format!("{words}\n")),
            "{}",
            ran.stderr
        );
        assert_eq!(
            ran.stderr
                .contains("warning: the container is not recorded"),
            warns
        );
    }
    let ran = sandbox.run("oci-runtime --runtime /nowhere -- start id");
    assert_eq!(ran.code, Some(127), "{}", ran.stderr);
}
