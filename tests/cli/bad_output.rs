//! Where a result can't be written: one line, code 2, and what was there stays.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use crate::util::{PROGRAM, Sandbox, ran, skipped};

const MUSL: &str = "sample-traces/musl-follow/trace.strace";

#[test]
fn places_that_are_none() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("folder")).unwrap();
    sandbox.write("file", "kept");
    std::os::unix::fs::symlink("nowhere/x", sandbox.path("dangling")).unwrap();
    let before = sandbox.state();
    for (output, says) in [
        (
            "missing/out.json",
            "can't write `missing/out.json`: No such file",
        ),
        ("folder", "can't write `folder`: Is a directory"),
        ("folder/", "can't write `folder/`: Is a directory"),
        ("file/x", "can't write `file/x`: Not a directory"),
        ("dangling", "can't write `dangling`: No such file"),
        ("/dev/full", "can't write `/dev/full`: No space left"),
    ] {
        for command in ["import", "merge", "list", "generate", "diff docker-default"] {
            let ran = sandbox.run(&format!("{command} {MUSL} -o {output}"));
            ran.assert_error(2, says);
            assert_eq!(sandbox.state(), before, "{command} -o {output}");
        }
        let ran = sandbox.run(&format!("generate {MUSL} -o file --reasons {output}"));
        ran.assert_error(2, says);
        assert_eq!(sandbox.state(), before, "--reasons {output}");
    }
    sandbox
        .run(&format!("generate {MUSL} -o file --reasons ./file"))
        .assert_error(2, "two results would be written to `./file`");
    assert_eq!(sandbox.state(), before);
}

#[test]
fn a_full_disk() {
    let sandbox = Sandbox::new();
    let ran = sandbox.shell(&format!("\"$CALLSIEVE\" import -q {MUSL} >/dev/full"));
    ran.assert_error(2, "can't write to standard output: No space left");
    for answer in ["--help", "record --help", "--version"] {
        let ran = sandbox.shell(&format!("\"$CALLSIEVE\" {answer} >/dev/full"));
        ran.assert_error(2, "can't write to standard output: No space left");
    }
    let script = format!(
        "mkdir tiny; mount -t tmpfs -o size=8k none tiny 2>/dev/null || exit 99; \
         printf kept >tiny/out.json; \"$CALLSIEVE\" import -q {MUSL} -o tiny/out.json; code=$?; \
         ls -A tiny; cat tiny/out.json; exit $code"
    );
    let output = sandbox
        .command("unshare")
        .env("CALLSIEVE", PROGRAM)
        .args(["-m", "bash", "-c", &script])
        .output();
    match output {
        Ok(output) if output.status.code() == Some(2) => {
            let ran = crate::util::ran(&output);
            assert_eq!(ran.stdout, "out.json\nkept");
            assert!(
                ran.stderr.contains("`tiny/out.json`: No space left"),
                "{}",
                ran.stderr
            );
        }
        Ok(output) if matches!(output.status.code(), Some(0)) => panic!("{output:?}"),
        Ok(_) | Err(_) => skipped("tmpfs", "a small tmpfs can't be mounted here"),
    }
}

#[test]
fn without_permission() {
    let sandbox = Sandbox::new();
    sandbox.write("log", sandbox.read(MUSL));
    sandbox.copy_program();
    std::fs::create_dir(sandbox.path("locked")).unwrap();
    sandbox.write("locked/out.json", "kept");
    sandbox.write("secret", sandbox.read(MUSL));
    let mode = |name: &str, mode| {
        std::fs::set_permissions(sandbox.path(name), Permissions::from_mode(mode)).unwrap();
    };
    mode("", 0o755);
    mode("locked", 0o555);
    mode("secret", 0o000);
    let run = |line: &str| {
        let words = line.split_whitespace();
        let root = nix_is_root();
        let mut command = if root {
            let mut command = sandbox.command("setpriv");
            command.args([
                "--reuid",
                "65534",
                "--regid",
                "65534",
                "--clear-groups",
                "./callsieve",
            ]);
            command
        } else {
            sandbox.command("./callsieve")
        };
        ran(&command.args(words).output().unwrap())
    };
    let before = std::fs::read(sandbox.path("locked/out.json")).unwrap();
    for output in ["locked/out.json", "locked/new.json"] {
        let ran = run(&format!("import log -o {output}"));
        ran.assert_error(2, &format!("can't write `{output}`: Permission denied"));
    }
    run("import secret").assert_error(2, "can't read `secret`: Permission denied");
    assert_eq!(
        std::fs::read(sandbox.path("locked/out.json")).unwrap(),
        before
    );
    assert_eq!(
        std::fs::read_dir(sandbox.path("locked")).unwrap().count(),
        1
    );
    // So that others than root can clean up.
    mode("locked", 0o755);
    mode("secret", 0o644);
}

pub(crate) fn nix_is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn nobody_reads_any_more() {
    let sandbox = Sandbox::new();
    // Larger than a pipe holds.
    let script = "set -o pipefail; \"$CALLSIEVE\" import -q sample-traces/*/trace.strace \
                  --arch x86_64 | head -1; echo \"${PIPESTATUS[0]}\" >&2";
    let ran = sandbox.shell(script);
    assert_eq!(ran.stdout, "{\n");
    // Some of these logs are incomplete, which is what 3 says; the pipe adds nothing.
    assert_eq!(ran.stderr.lines().last(), Some("3"), "{}", ran.stderr);
    let script = "set -o pipefail; \"$CALLSIEVE\" diff docker-default@20.10.0 docker-default -v \
                  -f json | head -1; echo \"${PIPESTATUS[0]}\" >&2";
    let ran = sandbox.shell(script);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("{\n", "0\n"));
}

/// The runtime of Rust opens /dev/null in place of a closed stream, so nothing can be told.
#[test]
fn closed_streams_end_without_a_crash() {
    let sandbox = Sandbox::new();
    for (redirect, code) in [(">&-", 0), ("2>&-", 0), (">&- 2>&-", 0), ("<&-", 0)] {
        let ran = sandbox.shell(&format!(
            "\"$CALLSIEVE\" generate {MUSL} -o out.json {redirect}"
        ));
        assert_eq!(ran.code, Some(code), "{redirect}: {}", ran.stderr);
        assert!(sandbox.read("out.json").ends_with(b"}\n"), "{redirect}");
        let ran = sandbox.shell(&format!("\"$CALLSIEVE\" list missing {redirect}"));
        assert_eq!(ran.code, Some(2), "{redirect}");
        let ran = sandbox.shell(&format!("\"$CALLSIEVE\" list {MUSL} {redirect}"));
        assert_eq!(ran.code, Some(0), "{redirect}");
    }
}
