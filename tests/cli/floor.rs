use serde_json::Value;

use crate::util::Sandbox;

#[test]
fn the_table_as_text_and_json() {
    let sandbox = Sandbox::new();
    let text = sandbox.ok("floor list --runtime crun");
    let first = "crun 1.8.0 to before 1.8.2: start (measured with 1.8.1)\n  required  capset";
    assert!(text.starts_with(first), "{text}");
    assert!(!text.contains("runc"), "{text}");
    let rows: Vec<Value> = serde_json::from_str(&sandbox.ok("floor list -f json")).unwrap();
    assert_eq!(rows.len(), callsieve::profile::floor::rows().len());
    for row in &rows {
        assert!(
            row["required"].is_array() && row["tried"].is_array(),
            "{row}"
        );
    }
}

/// An engine is a script here, so that what it answers is known.
fn engine(sandbox: &Sandbox, name: &str, script: &str) {
    let folder = sandbox.path("bin");
    std::fs::create_dir_all(&folder).unwrap();
    sandbox.write("script", format!("#!/bin/sh\n{script}\n"));
    // By another process: a program that another test starts meanwhile would inherit the file open
    // for writing, and a file that is can't be executed.
    let ran = sandbox.shell(&format!("cp script bin/{name} && chmod 755 bin/{name}"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

/// What `--runtime-floor auto` says, where nothing but the sandbox's engines is installed.
fn auto(sandbox: &Sandbox) -> (Option<i32>, String) {
    std::fs::create_dir_all(sandbox.path("bin")).unwrap();
    let ran = sandbox.shell(
        "PATH=$PWD/bin \"$CALLSIEVE\" generate sample-traces/musl-follow/trace.strace \
         --runtime-floor auto -o p.json",
    );
    let lines: Vec<&str> = ran.stderr.lines().take(2).collect();
    (ran.code, lines.join("\n"))
}

#[test]
fn the_local_engine_is_asked() {
    let sandbox = Sandbox::new();
    let (code, says) = auto(&sandbox);
    assert_eq!(code, Some(4), "{says}");
    let expected = "error: no container engine and no runtime answers here\n\
                    hint: name the runtime: `--runtime-floor runc@1.1.5`";
    assert_eq!(says, expected);

    engine(
        &sandbox,
        "crun",
        "echo 'crun version 1.8.1'; echo 'spec: 1.0.0'",
    );
    engine(&sandbox, "runc", "echo 'runc version 1.3.6'");
    assert!(
        auto(&sandbox)
            .1
            .starts_with("Installed here: runc@1.3.6+crun@1.8.1.")
    );

    engine(
        &sandbox,
        "podman",
        r#"printf '%s' '{"name":"crun","version":"crun version 1.28\ncommit: x"}'"#,
    );
    assert!(
        auto(&sandbox)
            .1
            .starts_with("podman starts containers with crun@1.28.")
    );

    let docker = r#"case $1 in
        info) echo '{"DefaultRuntime": "io.containerd.runc.v2"}' ;;
        version) echo '[{"Name":"Engine","Version":"28.5.2"},{"Name":"runc","Version":"1.3.3"}]' ;;
        esac"#;
    engine(&sandbox, "docker", docker);
    assert!(
        auto(&sandbox)
            .1
            .starts_with("docker starts containers with runc@1.3.3.")
    );

    engine(&sandbox, "docker", r#"echo '{"DefaultRuntime": "kata"}'"#);
    let (code, says) = auto(&sandbox);
    assert_eq!(code, Some(2));
    assert!(
        says.contains("docker starts containers with `kata`, of which nothing"),
        "{says}"
    );

    // A dead daemon is told, and the next engine asked; a hostile one prints no escape codes.
    engine(
        &sandbox,
        "docker",
        r#"printf 'no \033[31mdaemon\n' >&2; exit 1"#,
    );
    engine(&sandbox, "podman", "exit 1");
    let (code, says) = auto(&sandbox);
    assert_eq!(code, Some(0), "{says}");
    assert!(says.starts_with("warning: docker failed: no "), "{says}");
    assert!(!says.contains('\u{1b}'), "{says}");
}

#[test]
fn what_is_no_runtime_is_not_measured() {
    let sandbox = Sandbox::new();
    sandbox
        .run("floor measure --runtime no-such-runtime")
        .assert_error(4, "no-such-runtime is not installed");
    sandbox
        .run("floor measure --runtime /bin/true")
        .assert_error(2, "`/bin/true` is no runc, crun, youki or docker-init");
}

#[test]
fn versions_of_which_nothing_is_known_are_told() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(
        "generate sample-traces/musl-follow/trace.strace --runtime-floor runc@1.0.2 -o p.json",
    );
    assert_eq!(ran.code, Some(0));
    let says = "warning: nothing was measured of runc 1.0.2; the profile allows what any measured \
                version needs\n";
    assert!(ran.stderr.starts_with(says), "{}", ran.stderr);
}
