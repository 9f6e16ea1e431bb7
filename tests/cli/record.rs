//! `record` as a user meets it. What it sees of programs is tested elsewhere (tests/kernel).

use std::time::Duration;

use callsieve::event::Gap;
use callsieve::recording;

use crate::common::require;
use crate::util::{Ran, Sandbox};

/// Whether this user may trace: not so where another tracer has us, or Yama forbids it.
fn traces(sandbox: &Sandbox) -> bool {
    let ran = sandbox.run("record -q -o probe.json -- true");
    require("ptrace", ran.code == Some(0), &ran.stderr)
}

fn record(sandbox: &Sandbox, args: &[&str]) -> Ran {
    sandbox.args(["record"].iter().chain(args))
}

#[test]
fn the_command_is_as_it_was() {
    let sandbox = Sandbox::new();
    if !traces(&sandbox) {
        return;
    }
    for backend in ["ptrace", "notify"] {
        for (script, code) in [
            ("echo out; echo err >&2; exit 0", 0),
            ("exit 7", 7),
            ("kill -TERM $$", 143),
            ("kill -KILL $$", 137),
        ] {
            let args = [
                "-q",
                "-o",
                "a.json",
                "--backend",
                backend,
                "--",
                "sh",
                "-c",
                script,
            ];
            let ran = record(&sandbox, &args);
            assert_eq!(ran.code, Some(code), "{backend} {script}: {}", ran.stderr);
            if code == 0 {
                assert_eq!(
                    (ran.stdout.as_str(), ran.stderr.as_str()),
                    ("out\n", "err\n")
                );
            }
            let listed = sandbox.ok("list a.json");
            for name in ["execve", "write", "exit_group"] {
                let here = code != 0 || listed.contains(&format!(" {name}\n"));
                assert!(here, "{backend}: no {name} in {listed}");
            }
        }
    }
}

#[test]
fn the_summary_and_what_to_do_next() {
    let sandbox = Sandbox::new();
    if !traces(&sandbox) {
        return;
    }
    let ran = record(&sandbox, &["--label", "run=7", "--", "true"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr.starts_with("Recorded true for "),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("1 process, "), "{}", ran.stderr);
    assert!(ran.stderr.contains("  Docker default  "), "{}", ran.stderr);
    let next = "Wrote true.rec.json\n\nNext: callsieve generate true.rec.json -o true.json\n";
    assert!(ran.stderr.ends_with(next), "{}", ran.stderr);
    let text = String::from_utf8(sandbox.read("true.rec.json")).unwrap();
    assert!(text.contains("\"run\": \"7\""), "{text}");
    // A second one does not replace it.
    record(&sandbox, &["-q", "--", "true"]);
    assert_eq!(
        String::from_utf8(sandbox.read("true.rec.json")).unwrap(),
        text
    );
    sandbox.ok("list true.2.rec.json");
}

#[test]
fn what_is_known_is_left_out_and_merged_again() {
    let sandbox = Sandbox::new();
    if !traces(&sandbox) {
        return;
    }
    let script = "read x < /dev/null; mkdir d";
    record(&sandbox, &["-q", "-o", "first.json", "--", "sh", "-c", ":"]);
    record(
        &sandbox,
        &["-q", "-o", "whole.json", "--", "sh", "-c", script],
    );
    for backend in ["ptrace", "notify"] {
        sandbox.shell("rmdir d");
        let known = [
            "-q",
            "-o",
            "more.json",
            "--known",
            "first.json",
            "--backend",
            backend,
        ];
        let ran = record(
            &sandbox,
            &[&known[..], &["--", "sh", "-c", script]].concat(),
        );
        assert_eq!(ran.code, Some(0), "{backend}: {}", ran.stderr);
        assert!(sandbox.ok("list more.json").lines().count() < 15);
        let alone = sandbox.run("generate more.json -o /dev/null");
        assert_eq!(alone.code, Some(3), "{}", alone.stderr);
        sandbox.ok("merge first.json more.json -o all.json");
        sandbox.ok("generate all.json -o /dev/null");
        let mut all: Vec<String> = sandbox
            .ok("list all.json")
            .lines()
            .map(str::to_owned)
            .collect();
        let whole = sandbox.ok("list whole.json");
        all.retain(|line| !whole.contains(line));
        assert_eq!(all, [""; 0], "{backend}");
    }
}

#[test]
fn results_are_there_if_asked_for() {
    let sandbox = Sandbox::new();
    if !traces(&sandbox) {
        return;
    }
    record(
        &sandbox,
        &["-q", "-o", "a.json", "--results", "--", "cat", "nothing"],
    );
    let read = recording::read(&sandbox.read("a.json")).unwrap();
    let (_, run) = read.runs().next().unwrap();
    let outcomes: Vec<String> = run
        .calls
        .values()
        .flatten()
        .filter(|(call, _)| call.to_string() == "openat")
        .flat_map(|(_, observed)| observed.outcomes.keys().map(ToString::to_string))
        .collect();
    assert!(outcomes.contains(&"ENOENT".to_owned()), "{outcomes:?}");
    assert!(!outcomes.contains(&"unknown".to_owned()), "{outcomes:?}");
}

#[test]
fn limits_end_a_command_and_let_a_process_go() {
    let sandbox = Sandbox::new();
    if !traces(&sandbox) {
        return;
    }
    for limit in ["--duration", "--stop-when-quiet"] {
        let ran = record(
            &sandbox,
            &["-q", "-o", "a.json", limit, "300ms", "--", "sleep", "60"],
        );
        assert_eq!(ran.code, Some(143), "{limit}: {}", ran.stderr);
    }
    let mut child = sandbox
        .command("sh")
        .args(["-c", "while :; do sleep 0.02; done"])
        .spawn()
        .unwrap();
    let pid = child.id().to_string();
    let ran = record(
        &sandbox,
        &["-q", "-o", "b.json", "--duration", "600ms", "--pid", &pid],
    );
    let lives = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(lives, "the process did not outlive the recording");
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let read = recording::read(&sandbox.read("b.json")).unwrap();
    let gaps: Vec<Gap> = read.gaps().map(|(_, gap)| gap).collect();
    assert_eq!(gaps, [Gap::NoStart, Gap::Detached]);
    assert!(
        sandbox.ok("list b.json").contains(" execve\n"),
        "children are not followed"
    );
}

/// Whoever kills what they started must not harm the program, or lose what was seen.
#[test]
fn a_killed_recorder_leaves_the_program_running() {
    let sandbox = Sandbox::new();
    if !traces(&sandbox) {
        return;
    }
    for backend in ["ptrace", "notify"] {
        let file = format!("{backend}.json");
        let script = format!("touch {backend}.started; sleep 2; mkdir {backend}.done");
        let mut child = sandbox
            .command(crate::util::PROGRAM)
            .args(["record", "-q", "-o", &file, "--checkpoint", "100ms"])
            .args(["--backend", backend, "--", "sh", "-c", &script])
            .spawn()
            .unwrap();
        let wait_for = |what: &str, there: &dyn Fn() -> bool| {
            for _ in 0..400 {
                if there() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            panic!("{backend}: {what}");
        };
        let exists = |name: &str| sandbox.path(name).exists();
        let gaps = || {
            let read = recording::read(&sandbox.read(&file)).unwrap();
            read.gaps().count()
        };
        wait_for("did not start", &|| exists(&format!("{backend}.started")));
        wait_for("no checkpoint", &|| exists(&file));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(
            gaps(),
            1,
            "{backend}: the checkpoint does not say that it is one"
        );
        wait_for("did not go on", &|| exists(&format!("{backend}.done")));
        // And it is recorded to its end.
        wait_for("no recording", &|| gaps() == 0);
        assert!(sandbox.ok(&format!("list {file}")).contains(" mkdir\n"));
    }
}

#[test]
fn errors() {
    let sandbox = Sandbox::new();
    sandbox.write("plain", "");
    record(&sandbox, &["-o", "a.json", "--", "./nothing"]).assert_error(127, "./nothing");
    record(&sandbox, &["-o", "a.json", "--", "./plain"]).assert_error(126, "./plain");
    record(&sandbox, &["-o", "none/a.json", "--", "true"]).assert_error(2, "none/a.json");
    record(&sandbox, &["--bakend", "x", "--", "true"]).assert_error(2, "--bakend");
    record(&sandbox, &["--pid", "1", "--", "true"]).assert_error(2, "--pid");
    record(&sandbox, &["--duration", "1d", "--", "true"]).assert_error(2, "no unit of time");
    record(&sandbox, &["--label", "x", "--", "true"]).assert_error(2, "KEY=VALUE");
    let both = [
        "-o",
        "a.json",
        "--backend",
        "notify",
        "--results",
        "--",
        "true",
    ];
    record(&sandbox, &both).assert_error(2, "results are not seen");
    let known = ["-o", "a.json", "--known", "plain", "--", "true"];
    assert_eq!(record(&sandbox, &known).code, Some(2));
    // Higher than the kernel's own limit.
    record(&sandbox, &["-o", "a.json", "--pid", "2000000000"]).assert_error(2, "no process");
    assert!(!sandbox.path("a.json").exists());
}
