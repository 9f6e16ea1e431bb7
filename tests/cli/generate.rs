use expect_test::{expect, expect_file};
use serde_json::Value;

use crate::util::Sandbox;

#[test]
fn a_profile_and_how_it_stands_to_dockers_default() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run("generate sample-traces/nginx/trace.strace.gz -o nginx.json");
    expect_file!["snapshots/generate-nginx.txt"].assert_eq(&ran.whole());
    let to_stdout = sandbox.run("generate sample-traces/nginx/trace.strace.gz");
    assert_eq!(to_stdout.stdout.as_bytes(), sandbox.read("nginx.json"));
    assert_eq!(to_stdout.stderr + "Wrote nginx.json\n", ran.stderr);
    let quiet = sandbox.run("generate -q sample-traces/nginx/trace.strace.gz -o nginx.json");
    assert_eq!(quiet.whole(), "code 0\n--- stdout\n--- stderr\n");
}

#[test]
fn several_architectures() {
    let ran = Sandbox::new().run("generate sample-traces/i386-stderr/trace.strace.gz -v");
    expect_file!["snapshots/generate-i386.txt"].assert_eq(&ran.whole());
}

#[test]
fn options_change_what_they_say() {
    let sandbox = Sandbox::new();
    let generate = |options: &str| -> Value {
        let text = sandbox.ok(&format!(
            "generate sample-traces/musl-follow/trace.strace {options}"
        ));
        serde_json::from_str(&text).unwrap()
    };
    let names = |profile: &Value| -> Vec<String> {
        let rule = &profile["syscalls"][0]["names"];
        serde_json::from_value(rule.clone()).unwrap()
    };
    let usual = generate("");
    assert_eq!(usual["defaultAction"], "SCMP_ACT_ERRNO");
    assert_eq!(usual["defaultErrnoRet"], 1);
    assert_eq!(
        generate("--default-action kill-process")["defaultAction"],
        "SCMP_ACT_KILL_PROCESS"
    );
    assert_eq!(
        generate("--default-action log")["defaultAction"],
        "SCMP_ACT_LOG"
    );
    let none = names(&generate("--runtime-floor none"));
    let runc = names(&generate("--runtime-floor runc"));
    let both = names(&usual);
    assert!(none.len() < runc.len() && runc.len() <= both.len());
    assert!(names(&generate("--no-new-privileges")).len() < both.len());
    let has = |names: &[String], name: &str| names.iter().any(|it| it == name);
    let old = names(&generate("--runtime-floor runc@1.1.5 --no-new-privileges"));
    let new = names(&generate("--runtime-floor runc@1.3.3 --no-new-privileges"));
    assert!(!has(&old, "openat2") && has(&new, "openat2"));
    assert!(!has(&both, "umask") && has(&names(&generate("--exec")), "umask"));
    assert!(!has(&both, "setpgid") && has(&names(&generate("--init")), "setpgid"));
    assert!(!both.contains(&"keyctl".to_owned()));
    assert!(names(&generate("--allow keyctl=asked")).contains(&"keyctl".to_owned()));
    let tight = generate("--args observed");
    assert_ne!(tight, usual);
}

#[test]
fn reasons() {
    let sandbox = Sandbox::new();
    let profile = sandbox.ok(
        "generate sample-traces/http-server/trace.strace.gz --allow keyctl=asked --reasons why.json",
    );
    let why: Value = serde_json::from_slice(&sandbox.read("why.json")).unwrap();
    assert_eq!(why["schema"], 1);
    let syscalls = why["syscalls"].as_object().unwrap();
    let profile: Value = serde_json::from_str(&profile).unwrap();
    let rules = profile["syscalls"].as_array().unwrap();
    for name in rules
        .iter()
        .flat_map(|rule| rule["names"].as_array().unwrap())
    {
        let reasons = syscalls[name.as_str().unwrap()].as_array().unwrap();
        assert!(!reasons.is_empty(), "{name}");
        for reason in reasons {
            assert!(reason["text"].is_string());
            let kind = reason["kind"].as_str().unwrap();
            let known = [
                "observed",
                "runtime-floor",
                "always",
                "instead",
                "asked",
                "base",
                "enosys",
            ];
            assert!(known.contains(&kind), "{kind}");
            if kind == "observed" {
                assert!(reason["arch"].is_string() && reason["line"].is_u64());
                assert!(reason["calls"].is_u64() && reason["runs"].is_u64());
                assert!(reason["file"].is_string());
            }
        }
    }
    assert_eq!(syscalls["keyctl"][0]["kind"], "asked");
    assert_eq!(syscalls["keyctl"][0]["text"], "asked for: asked");
    let left = why["left_out"].as_array().unwrap();
    assert!(!left.is_empty());
    for row in left {
        assert!(row["arch"].is_string() && row["syscall"].is_string());
        assert!(row["calls"].is_u64() && row["why"].is_string());
    }
}

#[test]
fn an_incomplete_recording_gives_code_3_and_no_profile() {
    let sandbox = Sandbox::new();
    sandbox.write("p.json", "kept");
    let before = sandbox.state();
    let ran = sandbox.run("generate sample-traces/table/trace.strace -o p.json --reasons r.json");
    expect![[r#"
        code 3
        --- stdout
        --- stderr
        warning: trace.strace is incomplete: a table of counts misses the calls that never return
        error: the recording is incomplete; no profile was written
        hint: record the program from its start to its end, or say `--allow-incomplete`
    "#]]
    .assert_eq(&ran.whole());
    assert_eq!(sandbox.state(), before);
    let ran =
        sandbox.run("generate sample-traces/table/trace.strace -o p.json --allow-incomplete -q");
    assert_eq!(ran.code, Some(0));
    assert_ne!(sandbox.read("p.json"), b"kept");
}

#[test]
fn a_base_from_a_file_names_the_file_alone() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("folder")).unwrap();
    let base = r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        {"names": ["execve", "mmap"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["close"], "action": "SCMP_ACT_ALLOW",
         "args": [{"index": 0, "value": 2, "op": "SCMP_CMP_LE"}]}]}"#;
    sandbox.write("folder/base@2.json", base);
    let ran = sandbox.run(
        "generate sample-traces/musl-follow/trace.strace --base folder/base@2.json --runtime-floor none",
    );
    expect_file!["snapshots/generate-base.txt"].assert_eq(&ran.whole());
}

#[test]
fn an_architecture_that_the_base_refuses_is_left_out_and_reported() {
    let sandbox = Sandbox::new();
    let base = r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        {"names": ["execve", "mmap", "open"], "action": "SCMP_ACT_ALLOW"}]}"#;
    sandbox.write("base.json", base);
    let ran = sandbox.run(
        "generate sample-traces/int80/trace.strace --base base.json --runtime-floor none \
         --reasons why.json",
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let says = "  x86: all 3 kinds of calls; the base does not list the architecture\n";
    assert!(ran.stderr.contains(says), "{}", ran.stderr);
    let profile: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        profile["architectures"],
        serde_json::json!(["SCMP_ARCH_X86_64"])
    );
    let why: Value = serde_json::from_slice(&sandbox.read("why.json")).unwrap();
    let left = why["left_out"].as_array().unwrap();
    assert!(
        left.iter()
            .any(|row| row["arch"] == "x86" && row["syscall"] == "open")
    );
}

/// Docker 29.4.2 refuses `socketcall` and allows `accept`, whose rule makes one for `socketcall`.
#[test]
fn no_base_lets_32_bit_programs_get_farther() {
    let sandbox = Sandbox::new();
    for base in ["20.10.0", "25.0.3", "29.4.2", "29.7.2"] {
        for case in ["i386-file", "i386-numbers", "int80"] {
            sandbox.ok(&format!(
                "generate -q sample-traces/{case}/trace.strace --base docker-default@{base} -o p.json"
            ));
            let line = format!("diff docker-default@{base} p.json --fail-on wider");
            let ran = sandbox.run(&line);
            assert_eq!(ran.code, Some(0), "{case}: {}", ran.stdout);
        }
    }
}

#[test]
fn links_are_followed_and_modes_kept() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let sandbox = Sandbox::new();
    sandbox.write("real.json", "old");
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(sandbox.path("real.json"), private).unwrap();
    symlink("real.json", sandbox.path("link.json")).unwrap();
    sandbox.ok("generate -q sample-traces/musl-follow/trace.strace -o link.json");
    let link = std::fs::symlink_metadata(sandbox.path("link.json")).unwrap();
    assert!(link.is_symlink());
    assert_ne!(sandbox.read("real.json"), b"old");
    let mode = std::fs::metadata(sandbox.path("real.json")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    let ran = sandbox.shell(
        "umask 027; \"$CALLSIEVE\" generate -q sample-traces/musl-follow/trace.strace -o new.json",
    );
    assert_eq!(ran.code, Some(0));
    let mode = std::fs::metadata(sandbox.path("new.json")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o640);
}

#[test]
fn pipes_and_devices_are_written_to() {
    let sandbox = Sandbox::new();
    let expected = sandbox.ok("generate -q sample-traces/musl-follow/trace.strace");
    let ran = sandbox.shell(
        "\"$CALLSIEVE\" generate -q sample-traces/musl-follow/trace.strace -o /dev/stdout | cat",
    );
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), expected.as_str()),
        "{}",
        ran.stderr
    );
    sandbox.ok("generate -q sample-traces/musl-follow/trace.strace -o /dev/null");
}
