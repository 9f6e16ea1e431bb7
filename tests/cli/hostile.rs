//! Names and texts made to take over a terminal: nothing but printable text is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use callsieve::arch::Arch;
use callsieve::event::{CallId, Example, Gap, Outcome, Skip, Tally};
use callsieve::recording::{self, Caller, Executable, Observed, Recording, Run};
use callsieve::syscalls::SyscallName;

use crate::util::{PROGRAM, Ran, Sandbox, assert_harmless, ran};

const EVIL: &str = "\u{1b}[31m\u{1b}]0;t\u{7}\u{202e}\u{2066}\u{9b}2J\u{7f}\r\u{feff}evil";

fn run(sandbox: &Sandbox, args: &[&OsStr]) -> Ran {
    let ran = ran(&sandbox.command(PROGRAM).args(args).output().unwrap());
    assert_harmless(&ran.stdout);
    assert_harmless(&ran.stderr);
    ran
}

fn words(line: &str) -> Vec<&OsStr> {
    line.split_whitespace().map(OsStr::new).collect()
}

#[test]
fn file_names() {
    let sandbox = Sandbox::new();
    let log = sandbox.read("sample-traces/attach/trace.strace");
    let newline = OsString::from(format!("{EVIL}\nsecond line.strace"));
    let invalid = OsStr::from_bytes(b"bad\xff\xfe\x9b31m\xc3\x28\x1b[2J.strace").to_owned();
    for name in [newline, invalid] {
        let missing = run(&sandbox, &[OsStr::new("import"), &name]);
        missing.assert_error(2, "can't read `");
        assert_eq!(missing.stderr.lines().count(), 1);
        std::fs::copy(
            sandbox.path("sample-traces/attach/trace.strace"),
            sandbox.root().join(&name),
        )
        .unwrap();
        let no_arch = run(&sandbox, &[OsStr::new("import"), &name]);
        no_arch.assert_error(2, "does not tell its architecture");
        for command in [
            "import",
            "merge",
            "list -f json",
            "generate -v --allow-incomplete",
        ] {
            let mut args = words(command);
            args.extend([&name, OsStr::new("--arch=x86_64")]);
            let ran = run(&sandbox, &args);
            assert!(matches!(ran.code, Some(0 | 3)), "{command}: {}", ran.stderr);
        }
        let mut args = words("diff docker-default --arch x86_64 --fail-on any");
        args.push(&name);
        assert_eq!(
            run(&sandbox, &args).code,
            Some(1).filter(|_| name.to_str().is_some()).or(Some(2))
        );
        let output = sandbox.root().join("no-such-folder").join(&name);
        let mut args = words("import sample-traces/musl-follow/trace.strace -o");
        args.push(output.as_os_str());
        run(&sandbox, &args).assert_error(2, "can't write `");
        let written = {
            let mut args = words("generate sample-traces/musl-follow/trace.strace -o");
            let mut inside = OsString::from("out-");
            inside.push(&name);
            let inside = sandbox.root().join(inside);
            args.push(inside.as_os_str());
            run(&sandbox, &args)
        };
        assert_eq!(written.code, Some(0));
        std::fs::remove_file(sandbox.root().join(&name)).unwrap();
    }
    assert!(!log.is_empty());
}

#[test]
fn a_base_with_such_a_name_and_such_comments() {
    let sandbox = Sandbox::new();
    let name = format!("{EVIL}\nx.json");
    let comment = serde_json::to_string(EVIL).unwrap();
    let base = format!(
        r#"{{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
            {{"names": ["close"], "action": "SCMP_ACT_ALLOW", "comment": {comment},
              "args": [{{"index": 0, "value": 2, "op": "SCMP_CMP_LE"}}]}}]}}"#
    );
    sandbox.write(&name, base);
    let mut args = words("generate -v sample-traces/musl-follow/trace.strace --base");
    args.push(OsStr::new(&name));
    args.extend(words("--reasons why.json"));
    let ran = run(&sandbox, &args);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("argument rule of "), "{}", ran.stdout);
    assert_harmless(&String::from_utf8(sandbox.read("why.json")).unwrap());
    for format in ["text", "json"] {
        let mut args = words("diff docker-default");
        args.extend([OsStr::new(&name), OsStr::new("-f"), OsStr::new(format)]);
        assert_eq!(run(&sandbox, &args).code, Some(0));
    }
}

#[test]
fn process_names_and_lines_of_a_log() {
    let sandbox = Sandbox::new();
    let raw = EVIL.replace('\r', "");
    let mut log = format!(
        "1 execve(\"/bin/{raw}\", [\"x\"], 0x7ffd /* 1 var */) = 0\n\
         1 execve(\"/bin/\\33[31m\\n\\342\\200\\256x\", [\"x\"], 0x7ffd /* 1 var */) = 0\n\
         1 brk(NULL) = 0x1000\n1 keyctl(KEYCTL_GET_KEYRING_ID, \"{raw}\") = 1\n\
         1 socket({raw}, {raw}, 0) = 3\n{raw}\n{raw}(1) = 2\n1 nosuch{raw}(1) = 2\n"
    )
    .into_bytes();
    for _ in 0..60 {
        log.extend_from_slice(b"1 openat(AT_FDCWD, \"\x1b[31m\xff\x9b\", O_RDONLY) = 3\n");
    }
    log.extend_from_slice(b"1 fchdir(3\x1b[0m) = -1 E\x1b (\xff)\n\x1b]0;\xff\xfe\n");
    log.extend_from_slice(b"1 exit_group(0) = ?\n1 +++ exited with 0 +++\n");
    sandbox.write("log", log);
    for line in [
        "import log --arch x86_64",
        "merge log --arch x86_64",
        "list log --arch x86_64",
        "list log --arch x86_64 -f json",
        "generate log -v --arch x86_64 --allow-incomplete --reasons why.json",
        "diff docker-default log --arch x86_64 -v",
    ] {
        let ran = run(&sandbox, &words(line));
        assert!(matches!(ran.code, Some(0 | 3)), "{line}: {}", ran.stderr);
    }
    let why = String::from_utf8(sandbox.read("why.json")).unwrap();
    assert_harmless(&why);
    assert!(why.contains("evil"), "the name is there, escaped");
    // Escaping for the terminal loses nothing.
    let text = run(&sandbox, &words("import log --arch x86_64")).stdout;
    let recording = recording::read(text.as_bytes()).unwrap();
    let (_, run) = recording.runs().next().unwrap();
    assert!(run.executables.keys().any(|name| name.contains("evil")));
}

#[test]
fn texts_of_a_recording() {
    let sandbox = Sandbox::new();
    let recording = Recording::of(Run {
        source: EVIL.to_owned(),
        files: vec![format!("{EVIL}\n")],
        tally: Tally {
            lines: 3,
            calls: 1,
            skipped: BTreeMap::from([(Skip::NotUnderstood, 1)]),
            examples: vec![Example {
                file: format!("{EVIL}\n"),
                line: 1,
                text: format!("{EVIL}\n"),
                shape: format!("{EVIL}\n"),
                lines: 2,
            }],
            gaps: BTreeSet::from([Gap::Torn]),
        },
        executables: BTreeMap::from([(
            format!("{EVIL}\n"),
            Executable {
                started_by: BTreeMap::from([(format!("{EVIL}\n"), 1)]),
                ..Executable::default()
            },
        )]),
        calls: BTreeMap::from([(
            Arch::X86_64,
            BTreeMap::from([(
                CallId::Name(SyscallName::new("keyctl").unwrap()),
                Observed {
                    calls: 1,
                    either: false,
                    outcomes: BTreeMap::from([(Outcome::Success, 1)]),
                    by: BTreeMap::from([(format!("{EVIL}\n"), Caller::default())]),
                    args: BTreeMap::new(),
                    first: (0, 1),
                    since_start: Some(std::time::Duration::from_millis(1)),
                },
            )]),
        )]),
        capture: None,
    });
    sandbox.write("rec.json", recording::write(&recording));
    for line in [
        "import rec.json",
        "merge rec.json -o out.json",
        "list rec.json",
        "generate rec.json -v --allow-incomplete --runtime-floor none",
        "generate rec.json",
        "diff rec.json docker-default -v",
        "explain keyctl rec.json",
        "explain keyctl rec.json -f markdown",
    ] {
        let ran = run(&sandbox, &words(line));
        assert!(matches!(ran.code, Some(0 | 3)), "{line}: {}", ran.stderr);
    }
    let back = recording::read(&sandbox.read("out.json")).unwrap();
    assert_eq!(back, recording);
}

#[test]
fn words_of_files_that_errors_quote() {
    let sandbox = Sandbox::new();
    let word = serde_json::to_string(EVIL).unwrap();
    for (at, text) in [
        format!(r#"{{"format": "callsieve-recording", "version": {word}, "runs": {{}}}}"#),
        format!(r#"{{"format": "callsieve-recording", "version": "1.0", {word}: {{}}}}"#),
        format!(r#"{{"format": "callsieve-recording", "version": "1.0", "runs": {{{word}: {{}}}}}}"#),
        format!(r#"{{"format": "callsieve-recording", "version": "1.0", "runs": {word}}}"#),
        format!(r#"{{"defaultAction": {word}}}"#),
        format!(r#"{{"defaultAction": "SCMP_ACT_ERRNO", {word}: 1}}"#),
        format!(r#"{{"defaultAction": "SCMP_ACT_ERRNO", "flags": [{word}]}}"#),
        format!(r#"{{"defaultAction": "SCMP_ACT_ERRNO", "architectures": [{word}]}}"#),
        format!(
            r#"{{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{{"names": [{word}], "action": "SCMP_ACT_ALLOW"}}]}}"#
        ),
        format!("{EVIL}\n{EVIL}\n"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("file{at}");
        sandbox.write(&name, text);
        let ran = run(&sandbox, &words(&format!("diff docker-default {name}")));
        ran.assert_error(2, "");
    }
}

#[test]
fn arguments() {
    let sandbox = Sandbox::new();
    let evil = format!("{EVIL}\n\nsecond");
    let bad = OsStr::from_bytes(b"\xff\x1b[31m");
    for option in [
        "--arch",
        "--kernel",
        "--cap-add",
        "--cap-drop",
        "--runtime-floor",
        "--base",
        "--allow",
        "--default-action",
        "--args",
        "--color",
    ] {
        for value in [OsStr::new(&evil), bad] {
            let mut args = words("generate sample-traces/musl-follow/trace.strace");
            args.extend([OsStr::new(option), value]);
            run(&sandbox, &args).assert_error(2, "");
        }
    }
    let with = |before: &str, after: &str| OsString::from(format!("{before}{evil}{after}"));
    for args in [
        vec![with("", "")],
        vec![with("--", "")],
        vec![OsString::from("import"), with("--", "=x")],
        vec![OsString::from("generate"), with("--allow=", "=why")],
        vec![
            OsString::from("diff"),
            with("docker-default@", ""),
            "x".into(),
        ],
        vec![OsString::from("list"), "x".into(), with("-f", "")],
        vec![bad.to_owned()],
    ] {
        let args: Vec<&OsStr> = args.iter().map(OsString::as_os_str).collect();
        run(&sandbox, &args).assert_error(2, "");
    }
    let reason = with("keyctl=", "");
    let mut args =
        words("generate -v sample-traces/musl-follow/trace.strace --reasons why.json --allow");
    args.push(&reason);
    assert_eq!(run(&sandbox, &args).code, Some(0));
    assert_harmless(&String::from_utf8(sandbox.read("why.json")).unwrap());
}

/// A program with such a name, which makes a call that is refused, seen on every screen that
/// shows who made calls.
#[test]
fn a_program_through_every_screen() {
    let sandbox = Sandbox::new();
    let link = "\u{1b}]8;;http:x\u{7}a\u{1b}]8;;\u{7}";
    let name = format!("{EVIL}{link}|`<b>&*_[x](y)\nsecond::error::line");
    let program = sandbox.path(&name);
    std::fs::copy("/bin/sh", &program).unwrap();
    let path = format!("./{name}");
    // What it says itself is its own affair.
    let script = "kill -0 $$ 2> /dev/null; exit 0";
    let words = |line: &str, last: &[&str]| -> Vec<OsString> {
        let all = line.split_whitespace().chain(last.iter().copied());
        all.map(OsString::from).collect()
    };
    let go = |line: &str, last: &[&str], codes: &[i32]| -> Ran {
        let args = words(line, last);
        let args: Vec<&OsStr> = args.iter().map(OsString::as_os_str).collect();
        let ran = run(&sandbox, &args);
        assert!(codes.contains(&ran.code.unwrap()), "{line}: {ran:?}");
        for text in [&ran.stdout, &ran.stderr] {
            let command = text
                .lines()
                .find(|line| line.trim_start().starts_with("::"));
            let own = line.contains("-f github");
            assert!(own || command.is_none(), "{line}: {text}");
            assert!(
                !text.lines().any(|line| line.starts_with("second")),
                "{text}"
            );
        }
        ran
    };
    let recorded = go("record -v -o r.json --", &[&path, "-c", script], &[0, 4]);
    if recorded.code == Some(4) {
        return crate::util::skipped("ptrace", "nothing can be traced here");
    }
    assert!(recorded.stderr.contains("evil"), "{recorded:?}");
    let profile = r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["kill"], "action": "SCMP_ACT_ERRNO"}]}"#;
    sandbox.write("no.json", profile);
    go("generate -v r.json -o web.json", &[], &[0]);
    for line in [
        "merge r.json -o again.json",
        "import -o imported.json r.json",
        "list r.json",
        "list -f json r.json",
        "generate r.json --reasons -",
        "generate r.json --runtime-floor none --also keyctl=x",
        "explain kill web.json r.json",
        "explain kill web.json r.json -v -f markdown",
        "explain kill web.json r.json -f json",
        "diff no.json web.json --seen-in r.json",
        "diff no.json web.json --seen-in r.json -v -f markdown",
        "diff no.json web.json --seen-in r.json -f github",
        "diff no.json web.json --seen-in r.json -f sarif",
        "diff no.json web.json --seen-in r.json -f json",
        "check web.json --at-most no.json",
    ] {
        go(line, &[], &[0, 1]);
    }
    for format in ["text", "json"] {
        let line = format!("verify -v -f {format} no.json --");
        let verified = go(&line, &[&path, "-c", script], &[1]);
        let text = verified.stdout.clone() + &verified.stderr;
        assert!(text.contains("kill"), "{verified:?}");
    }
    go(
        "record -v --under no.json -o under.json --",
        &[&path, "-c", script],
        &[0],
    );
    go("record -o - --", &[&path, "-c", script], &[0]);
}
