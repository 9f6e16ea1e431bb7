//! The runtimes that are installed call nothing before a program starts that the table of floors
//! lacks.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::require_program;
use crate::engine::{Engine, command_for};
use crate::rig::{Finished, run};

fn measure(runtime: &str, program: &Path, options: &[&str]) -> Finished {
    let mut command = command_for(runtime, env!("CARGO_BIN_EXE_callsieve"));
    command.args(["floor", "measure", "--runtime"]).arg(program);
    run(command.args(options))
}

fn holds(engine: Engine) {
    if !engine.require() {
        return;
    }
    let name = engine.to_string();
    for exec in [&["--exec"][..], &[]] {
        for privileges in [&["--no-new-privileges"][..], &[]] {
            let options = [exec, privileges].concat();
            let measured = measure(&name, Path::new(&name), &options).expect_success();
            let line = measured.stdout.lines().find(|line| line.contains("execve"));
            // Each program was executed once, and under the filter.
            assert!(line.is_some_and(|line| line.contains(" 10 ")), "{measured}");
            assert!(!measured.stdout.contains("not in the table"), "{measured}");
        }
    }
}

#[test]
fn runc_calls_what_the_table_has() {
    holds(Engine::Runc);
}

#[test]
fn crun_calls_what_the_table_has() {
    holds(Engine::Crun);
}

#[test]
fn docker_init_calls_what_the_table_has() {
    let there = require_program("docker-init", "docker.io");
    if !there || !Engine::Runc.require() {
        return;
    }
    for options in [&["--no-new-privileges", "-f", "json"][..], &["-f", "json"]] {
        let measured = measure("runc", Path::new("docker-init"), options).expect_success();
        let found: Value = serde_json::from_str(&measured.stdout).unwrap();
        assert_eq!(found["phase"], "init", "{measured}");
        for call in ["clone", "execve", "exit_group"] {
            assert_eq!(found["calls"][call]["times"], 10, "{measured}");
            assert_eq!(found["calls"][call]["evidence"], "required", "{measured}");
        }
        // It hands no signal on here.
        assert_eq!(found["unseen"], json!(["kill"]), "{measured}");
    }
}

/// runc under the name of crun calls what crun's rows lack.
#[test]
fn what_the_table_lacks_is_found() {
    if !Engine::Runc.require() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let program = folder.path().join("other");
    let source = folder.path().join("source");
    let script = "#!/bin/sh\n[ \"$1\" != --version ] || { echo crun version 1.8.1; exit; }\nexec runc \"$@\"\n";
    fs::write(&source, script).unwrap();
    fs::set_permissions(&source, fs::Permissions::from_mode(0o755)).unwrap();
    // A file that this process had open for writing may still be so in a child of another test.
    run(std::process::Command::new("cp").arg(&source).arg(&program)).expect_success();
    let measured = measure("runc", &program, &["--no-new-privileges", "--times", "1"]);
    assert_eq!(measured.status, Some(1), "{measured}");
    let line = measured
        .stdout
        .lines()
        .find(|line| line.contains("fstatfs"));
    assert!(
        line.is_some_and(|line| line.ends_with("not in the table")),
        "{measured}"
    );
}
