//! `git:REV:PATH` where a profile or a recording is asked for.

use crate::common::require_program;
use crate::util::Sandbox;

const OLD: &str = r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
 "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}"#;

/// A repository whose first commit has an older `deploy/web.json`. `None` without git.
fn repository() -> Option<Sandbox> {
    if !require_program("git", "git") {
        return None;
    }
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("deploy")).unwrap();
    sandbox.write("deploy/web.json", OLD);
    let ran = sandbox.shell(
        "set -e
        export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
        commit() { git -c user.name=a -c user.email=a@b.example commit -q -m x; }
        git init -q -b main . && git add deploy
        commit && git tag first
        sed -i 's/\"read\"/\"read\", \"keyctl\"/' deploy/web.json
        cp sample-traces/attach/trace.strace log.strace
        git add deploy log.strace && commit
        sed -i 's/keyctl/mount/' deploy/web.json && git add deploy
        sed -i 's/mount/ptrace/' deploy/web.json",
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    Some(sandbox)
}

#[test]
fn a_file_as_a_commit_has_it() {
    let Some(sandbox) = repository() else { return };
    for (old, new, wider) in [
        (
            "git:first:deploy/web.json",
            "git:main:deploy/web.json",
            "keyctl",
        ),
        (
            "git:first:deploy/web.json",
            "git:HEAD:./deploy/web.json",
            "keyctl",
        ),
        (
            "git:HEAD~1:deploy/web.json",
            "git::deploy/web.json",
            "mount",
        ),
        ("git:HEAD:deploy/web.json", "deploy/web.json", "ptrace"),
        (
            "git:first:deploy/web.json",
            "git:HEAD:log.strace",
            "accept4",
        ),
    ] {
        let json = sandbox.ok(&format!("diff {old} {new} -f json --arch x86_64"));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let calls = json["wider"].as_array().unwrap().iter();
        let calls: Vec<&str> = calls.map(|row| row["syscall"].as_str().unwrap()).collect();
        assert!(calls.contains(&wider), "{old} {new}: {calls:?}");
    }
    let text = sandbox.ok("diff git:first:deploy/web.json deploy/web.json");
    let first = text.lines().next().unwrap();
    assert!(
        first.starts_with("deploy/web.json against deploy/web.json at first ("),
        "{first}"
    );
    // Every command that takes a profile takes it.
    for line in [
        "check git:first:deploy/web.json --at-most git:main:deploy/web.json",
        "lint git:first:deploy/web.json --fail-on never",
        "explain read git:first:deploy/web.json git:main:log.strace --arch x86_64",
        "generate git:main:log.strace --arch x86_64 --allow-incomplete --base git:main:deploy/web.json --runtime-floor none",
        "export git:first:deploy/web.json -f text",
    ] {
        let ran = sandbox.run(line);
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.stderr);
    }
    // Places are those of the path.
    let said = sandbox.ok("diff git:first:deploy/web.json git:main:deploy/web.json -f github");
    assert!(
        said.starts_with("::error file=deploy/web.json,line=2,"),
        "{said}"
    );
}

#[test]
fn below_the_root() {
    let Some(sandbox) = repository() else { return };
    let run = |word: &str| {
        sandbox.shell(&format!(
            "cd deploy && $CALLSIEVE lint --fail-on never {word}"
        ))
    };
    assert_eq!(run("git:HEAD:./web.json").code, Some(0));
    assert_eq!(run("git:HEAD:deploy/web.json").code, Some(0));
    run("git:HEAD:web.json").assert_error(2, "there is no `web.json at HEAD`");
}

#[test]
fn wrong_words() {
    let Some(sandbox) = repository() else { return };
    for (word, says, hint) in [
        (
            "git:nosuch:deploy/web.json",
            "git knows no revision `nosuch`",
            "git fetch",
        ),
        (
            "git:main:web.json",
            "there is no `web.json at main`",
            "root of the repository",
        ),
        (
            "git:main:deploy",
            "there is no `deploy at main`",
            "root of the repository",
        ),
        ("git:--help:deploy/web.json", "`--help` is no revision", ""),
        ("git:main:", "can't read `git:main:`", ""),
        ("git:main", "can't read `git:main`", ""),
        ("git:$(touch x):a", "git knows no revision `$(touch x)`", ""),
        ("git:a\u{1b}[31m\nb:c", "git knows no revision", ""),
    ] {
        let ran = sandbox.args(["diff", word, "deploy/web.json"]);
        ran.assert_error(2, says);
        assert!(ran.stderr.contains(hint), "{}", ran.stderr);
    }
    assert!(!sandbox.path("x").exists());
    let outside = Sandbox::new();
    outside
        .run("lint git:main:a.json")
        .assert_error(2, "there is no git repository that could have `a.json`");
    let shallow = sandbox.shell(
        "git clone -q --depth 1 file://$PWD shallow && cd shallow && $CALLSIEVE lint git:HEAD~1:deploy/web.json",
    );
    assert!(
        shallow.stderr.contains("hint: this clone is shallow"),
        "{}",
        shallow.stderr
    );
    let without = sandbox
        .command(crate::util::PROGRAM)
        .env("PATH", "/nonexistent")
        .args(["lint", "git:main:deploy/web.json"])
        .output()
        .unwrap();
    crate::util::ran(&without).assert_error(4, "git is not installed");
}
