use expect_test::{expect, expect_file};
use serde_json::Value;

use crate::util::Sandbox;

const OLD: &str = r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
 "syscalls": [{"names": ["read", "write", "close"], "action": "SCMP_ACT_ALLOW"}]}"#;
const WIDER: &str = r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
 "syscalls": [{"names": ["read", "write", "close", "openat"], "action": "SCMP_ACT_ALLOW"}]}"#;
const OUTSIDE: &str = r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
 "syscalls": [{"names": ["read", "write", "close", "keyctl"], "action": "SCMP_ACT_ALLOW"}]}"#;
const CHANGED: &str = r#"{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
 "architectures": ["SCMP_ARCH_X86_64"],
 "syscalls": [{"names": ["read", "write", "close"], "action": "SCMP_ACT_ALLOW"}]}"#;
const SAME: &str = r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
 "syscalls": [{"names": ["close"], "action": "SCMP_ACT_ALLOW"},
              {"names": ["write", "read"], "action": "SCMP_ACT_ALLOW"}]}"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, text) in [
        ("old", OLD),
        ("wider", WIDER),
        ("outside", OUTSIDE),
        ("changed", CHANGED),
        ("same", SAME),
    ] {
        sandbox.write(name, text);
    }
    sandbox
}

#[test]
fn against_dockers_default() {
    let sandbox = Sandbox::new();
    sandbox.ok("generate -q sample-traces/nginx/trace.strace.gz -o nginx.json");
    let ran = sandbox.run("diff docker-default nginx.json");
    expect_file!["snapshots/diff-nginx.txt"].assert_eq(&ran.whole());
    let ran = sandbox.run("diff docker-default nginx.json -v");
    expect_file!["snapshots/diff-nginx-verbose.txt"].assert_eq(&ran.whole());
}

#[test]
fn between_releases() {
    let ran = Sandbox::new().run("diff docker-default@20.10.0 docker-default@25.0.3");
    expect_file!["snapshots/diff-releases.txt"].assert_eq(&ran.whole());
}

#[test]
fn wider_is_in_full() {
    expect![[r#"
        code 0
        --- stdout
        outside against old (x86_64, default capabilities)
        x86_64: 3 calls permitted by the old, 4 by the new

          + 1 wider
              keyctl                 ENOSYS -> allow
                  OUTSIDE Docker's default; risk 3 sensitive: keyrings are not in
                    namespaces; used after free more than once
          * 246 answered in another way (-v lists them)
               246  ENOSYS -> EPERM

        1 wider (1 outside Docker's default), 0 narrower by argument, 0 removed, 246
          answered in another way, 3 unchanged.
        --- stderr
    "#]]
    .assert_eq(&sandbox().run("diff old outside").whole());
}

#[test]
fn no_change_is_one_sentence() {
    expect![[r#"
        code 0
        --- stdout
        same against old (x86_64, default capabilities)

        No changes: both answer alike to every call.
        --- stderr
    "#]]
    .assert_eq(&sandbox().run("diff old same").whole());
}

#[test]
fn fail_on() {
    let sandbox = sandbox();
    // For each pair the codes with none, wider, any and outside-default.
    for (pair, codes) in [
        ("old same", [0, 0, 0, 0]),
        ("old wider", [0, 1, 1, 0]),
        ("wider old", [0, 0, 1, 0]),
        ("old outside", [0, 1, 1, 1]),
        ("outside old", [0, 0, 1, 0]),
        ("wider outside", [0, 1, 1, 1]),
        ("old changed", [0, 0, 1, 0]),
        ("docker-default outside", [0, 1, 1, 1]),
        ("docker-default wider", [0, 0, 1, 0]),
    ] {
        for (fail_on, code) in ["none", "wider", "any", "outside-default"]
            .into_iter()
            .zip(codes)
        {
            let ran = sandbox.run(&format!("diff {pair} --fail-on {fail_on}"));
            assert_eq!(ran.code, Some(code), "{pair} --fail-on {fail_on}");
            assert_eq!(ran.stderr, "");
        }
    }
}

#[test]
fn capabilities_count() {
    let sandbox = sandbox();
    let ran = sandbox.run("diff docker-default outside --cap-add ALL --fail-on outside-default");
    assert_eq!(ran.code, Some(1), "keyctl depends on no capability");
    sandbox.write("mount", OLD.replace("\"close\"", "\"mount\""));
    let without = sandbox.run("diff docker-default mount --fail-on wider");
    assert_eq!(without.code, Some(1));
    let with = sandbox.run("diff docker-default mount --fail-on wider --cap-add sys_admin");
    assert_eq!(with.code, Some(0));
    assert!(with.stdout.contains("capabilities +sys_admin"));
}

#[test]
fn as_json() {
    let sandbox = sandbox();
    let json = |line: &str| -> Value { serde_json::from_str(&sandbox.ok(line)).unwrap() };
    for (pair, relation) in [
        ("old same", "equal"),
        ("old wider", "wider"),
        ("wider old", "narrower"),
        ("wider outside", "incomparable"),
    ] {
        assert_eq!(json(&format!("diff -f json {pair}"))["relation"], relation);
    }
    let all = json("diff -f json docker-default outside");
    assert_eq!(all["schema"], 1);
    assert_eq!(all["native"], "x86_64");
    assert_eq!(all["new"], "outside");
    assert!(all["old"].as_str().unwrap().starts_with("docker-default@"));
    assert!(all["unchanged"].is_u64());
    assert!(all["architectures"]["x86_64"]["new_permitted"].is_u64());
    assert!(all["unknown_names"].is_array());
    for list in ["wider", "narrower", "changed"] {
        let rows = all[list].as_array().unwrap();
        for row in rows {
            for field in ["arch", "syscall", "old", "new"] {
                assert!(row[field].is_string(), "{row}");
            }
        }
    }
    let wider = all["wider"].as_array().unwrap();
    assert_eq!(wider.len(), 1);
    assert_eq!(wider[0]["syscall"], "keyctl");
    assert_eq!(wider[0]["outside_default"], true);
    expect_file!["snapshots/diff-outside.json"].assert_eq(&sandbox.ok("diff -f json old outside"));
}

#[test]
fn colour_only_when_asked() {
    let sandbox = sandbox();
    let run = |setting: (&str, &str), args: &[&str]| {
        let output = sandbox
            .command(crate::util::PROGRAM)
            .env(setting.0, setting.1)
            .args(["diff", "old", "wider"])
            .args(args)
            .output()
            .unwrap();
        crate::util::ran(&output).stdout.contains('\x1b')
    };
    assert!(!run(("X", ""), &[]));
    assert!(run(("X", ""), &["--color", "always"]));
    assert!(run(("CLICOLOR_FORCE", "1"), &[]));
    assert!(!run(("CLICOLOR_FORCE", "1"), &["--color", "never"]));
    assert!(!run(("NO_COLOR", "1"), &[]));
    assert!(run(("FORCE_COLOR", "1"), &[]));
    assert!(!run(("FORCE_COLOR", "0"), &[]));
    assert!(!run(("FORCE_COLOR", "1"), &["--color", "never"]));
}

#[test]
fn wider_and_gone_with_their_causes() {
    let sandbox = sandbox();
    sandbox.write(
        "a.strace",
        "1 execve(\"/usr/sbin/app\", [\"app\"], 0x1 /* 1 var */) = 0\n\
         1 keyctl(KEYCTL_READ, 1) = -1 EPERM (Operation not permitted)\n\
         1 write(1, \"x\", 1) = 1\n1 exit_group(0) = ?\n1 +++ exited with 0 +++\n",
    );
    sandbox.write("narrow", OUTSIDE.replace("\"write\"", "\"futex\""));
    let line = "diff old narrow --seen-in a.strace --seen-in sample-traces/attach/trace.strace --arch x86_64";
    expect![[r#"
        code 0
        --- stdout
        narrow against old (x86_64, default capabilities)
        x86_64: 3 calls permitted by the old, 4 by the new

          + 2 wider
              keyctl                 ENOSYS -> allow
                  OUTSIDE Docker's default; risk 3 sensitive: keyrings are not in
                    namespaces; used after free more than once
                  by /usr/sbin/app, 1 call, in 1 of 2 recordings, first at a.strace line
                    2; EPERM 1, so it may have been refused while recording
              futex                  ENOSYS -> allow
                  inside Docker's default
                  no recording has it
          ! 1 no longer reachable, though recorded
              write                  allow -> EPERM
                  by /usr/sbin/app, 1 call, in 1 of 2 recordings, first at a.strace line
                    3
          - 1 no longer reachable (-v lists them)
              files 1
          * 245 answered in another way (-v lists them)
               245  ENOSYS -> EPERM

        2 wider (1 outside Docker's default), 0 narrower by argument, 1 removed, 245
          answered in another way, 2 unchanged.
        --- stderr
    "#]]
    .assert_eq(&sandbox.run(line).whole());
}

#[test]
fn no_line_is_wider_than_the_page() {
    let sandbox = sandbox();
    for width in [60, 80, 120] {
        for command in [
            "diff docker-default@20.10.0 docker-default@25.0.3",
            "diff old outside --seen-in sample-traces/nginx/trace.strace.gz",
            "check outside --at-most old",
            "explain keyctl socket outside sample-traces/nginx/trace.strace.gz",
            "lint outside --rule CS003=off",
        ] {
            let said = sandbox.run(&format!("{command} --width {width}")).stdout;
            // A line of a profile and what a fix writes stay as they are.
            let lines = said
                .lines()
                .filter(|it| !it.contains(" | ") && !it.contains("= fix"));
            for line in lines {
                assert!(line.chars().count() <= width, "{width} {command}: {line}");
            }
        }
    }
    sandbox.run("diff old wider --width 9").assert_error(2, "");
}

#[test]
fn several_results_of_one_run() {
    let sandbox = sandbox();
    let text = sandbox.ok("diff old outside");
    let said = sandbox
        .ok("diff old outside -f text -f sarif -o out.sarif -f markdown -o out.md --color always");
    assert!(said.contains('\x1b'));
    assert_eq!(
        sandbox.ok("diff old outside -o out -f text --color always"),
        ""
    );
    for (file, format) in [
        ("out.sarif", "sarif"),
        ("out.md", "markdown"),
        ("out", "text"),
    ] {
        let alone = sandbox.ok(&format!("diff old outside -f {format}"));
        assert_eq!(
            String::from_utf8(sandbox.read(file)).unwrap(),
            alone,
            "{file}"
        );
    }
    assert_eq!(text, sandbox.ok("diff old outside -f text"));
    for (words, says) in [
        (
            "-f text -f json",
            "several results would be written to standard output",
        ),
        ("-o a -o b", "each `-o` goes with a `-f` before it"),
        (
            "-f json -o a -f sarif -o a",
            "two results would be written to `a`",
        ),
    ] {
        let state = sandbox.state();
        sandbox
            .run(&format!("diff old outside {words}"))
            .assert_error(2, says);
        assert_eq!(sandbox.state(), state);
    }
}
