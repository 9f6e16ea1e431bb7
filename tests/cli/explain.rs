use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use callsieve::arch::Arch;
use callsieve::event::{CallId, Image, Outcome, Place, Sighting, Sink as _, Tally};
use callsieve::recording::{self, Recording, RunBuilder};
use callsieve::syscalls::SyscallName;
use expect_test::{expect, expect_file};
use serde_json::Value;

use crate::util::{Sandbox, assert_harmless};

const PROFILE: &str = r#"{
  "defaultAction": "SCMP_ACT_ERRNO",
  "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
  "syscalls": [
    {
      "names": [
        "close",
        "keyctl",
        "write"
      ],
      "action": "SCMP_ACT_ALLOW"
    },
    {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
    {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]},
    {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]}
  ]
}
"#;

const TRACE: &str = "\
10 execve(\"/usr/bin/app\", [\"app\"], 0x7ffd /* 1 var */) = 0
10 prctl(PR_SET_NAME, \"worker\") = 0
10 keyctl(KEYCTL_READ, 1, NULL, 0) = 4
10 keyctl(KEYCTL_READ, 2, NULL, 0) = -1 EPERM (Operation not permitted)
10 socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0) = 3
10 exit_group(0) = ?
10 +++ exited with 0 +++
";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("web.json", PROFILE);
    sandbox.write("one.strace", TRACE);
    sandbox.write(
        "two.strace",
        TRACE.replace("keyctl(KEYCTL_READ, ", "getpid("),
    );
    sandbox
}

/// What `record` tells: who started a program, and when a call was first made.
fn timed() -> Recording {
    let mut builder = RunBuilder::new("callsieve", vec!["start.sh".to_owned()]);
    let sighting = |line, milliseconds| Sighting {
        arch: Arch::X86_64,
        call: CallId::Name(SyscallName::new("keyctl").unwrap()),
        either: false,
        calls: 1,
        outcomes: BTreeMap::from([(Outcome::Success, 1)]),
        args: BTreeMap::new(),
        first: Place {
            file: "start.sh".to_owned(),
            line,
        },
        since_start: Some(Duration::from_millis(milliseconds)),
    };
    let image = |executable: &str, started_by: &[(&str, u64)]| Image {
        executable: Some(executable.to_owned()),
        pid: Some(7),
        processes: 1,
        names: BTreeSet::from(["web".to_owned()]),
        ends: BTreeMap::new(),
        started_by: started_by
            .iter()
            .map(|(name, times)| ((*name).to_owned(), *times))
            .collect(),
    };
    let web = image("/usr/bin/web", &[("/bin/sh", 3), ("/usr/bin/env", 1)]);
    builder.image(&web, vec![sighting(712, 72_310)]);
    builder.image(&image("/bin/sh", &[("", 1)]), vec![sighting(90, 80_000)]);
    Recording::of(builder.finish(Tally::default()))
}

#[test]
fn who_started_a_program_and_when_it_made_the_call() {
    let sandbox = sandbox();
    sandbox.write("timed.json", recording::write(&timed()));
    let text = sandbox.ok("explain keyctl timed.json --arch x86_64");
    widths_fit(&text);
    let recorded = text.split_once("  recorded").unwrap().1.trim_start();
    expect![[r#"
        in 1 of 1 recording
                           2 calls: ok 2
                           1 by /bin/sh (web), started as the first program
                           1 by /usr/bin/web (web), started by /bin/sh (3 times), by
                           /usr/bin/env
                           first in start.sh line 712, 72.310 s after the start
    "#]]
    .assert_eq(recorded.split_once("  if refused").unwrap().0);
}

fn widths_fit(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_call_alone() {
    let text = Sandbox::new().ok("explain keyctl --arch x86_64");
    widths_fit(&text);
    expect![[r#"
        keyctl: manages keys and keyrings in the kernel
        x86_64, default capabilities

          risk             3 sensitive: keyrings are not in namespaces; used after free
                           more than once
                           by Docker's documentation, systemd @keyring, CVE-2016-0728,
                           CVE-2015-7872
          Docker 29.7.2    EPERM, as in all releases since 20.10.0
          Podman, CRI-O    allow
          containerd 2.4   EPERM
          if refused       not known; `callsieve verify` would show it
          number           x86_64 250, aarch64 219, x86 288, arm 311, riscv64 219,
                           ppc64le 271, s390x 280, 16 more (-v)
          kernel           Linux 2.6.10; aarch64: 3.7; ppc64le: 3.10; riscv64: 4.15
    "#]]
    .assert_eq(&text);
}

#[test]
fn a_call_in_a_profile_and_in_recordings() {
    let sandbox = sandbox();
    let text =
        sandbox.ok("explain keyctl socket mount web.json one.strace two.strace --arch x86_64");
    widths_fit(&text);
    expect_file!["snapshots/explain.txt"].assert_eq(&text);
    let text = sandbox.ok("explain keyctl socket mount -v web.json one.strace --arch x86_64");
    expect_file!["snapshots/explain-verbose.txt"].assert_eq(&text);
    let text =
        sandbox.ok("explain keyctl socket mount web.json one.strace --arch x86_64 -f markdown");
    expect_file!["snapshots/explain.md"].assert_eq(&text);
}

#[test]
fn real_recordings() {
    let sandbox = Sandbox::new();
    sandbox.ok("generate -q sample-traces/nginx/trace.strace.gz -o nginx.json");
    let text = sandbox.ok(
        "explain clone clone3 io_uring_setup rt_sigreturn nginx.json sample-traces/nginx/trace.strace.gz",
    );
    widths_fit(&text);
    expect_file!["snapshots/explain-nginx.txt"].assert_eq(&text);
}

#[test]
fn what_is_seen_from_elsewhere() {
    let sandbox = Sandbox::new();
    // No other architecture has it, so that one is asked about.
    assert!(sandbox.ok("explain riscv_hwprobe").contains("\nriscv64, "));
    let of = |arch: &str| sandbox.ok(&["explain riscv_hwprobe --arch ", arch].concat());
    assert!(of("x86_64").contains("is for no architecture that has the call"));
    assert_eq!(of("arm64"), of("aarch64"));
    assert!(
        sandbox
            .ok("explain tuxcall")
            .contains("no kernel has carried it out")
    );
    // Each call once, however it is named.
    let twice = sandbox.ok("explain 250 keyctl #250 0xfa --arch x86_64");
    assert_eq!(twice, sandbox.ok("explain keyctl --arch x86_64"));
    assert!(
        sandbox
            .ok("explain 250 --arch x86")
            .starts_with("fadvise64: ")
    );
}

#[test]
fn capabilities_and_engines_count() {
    let sandbox = sandbox();
    let answer = |line: &str| -> Value {
        let json: Value = serde_json::from_str(&sandbox.ok(line)).unwrap();
        json["calls"][0]["profiles"][0]["answers"][0]["answer"].clone()
    };
    assert_eq!(answer("explain mount web.json -f json"), "EPERM");
    assert_eq!(
        answer("explain mount web.json -f json --cap-add SYS_ADMIN"),
        "allow"
    );
    // It does not know conditions.
    assert_eq!(
        answer("explain mount web.json -f json --engine containerd"),
        "allow"
    );
    assert_eq!(
        answer("explain socket web.json -f json"),
        "allow if family is AF_UNIX (0x1), or family is AF_INET (0x2); else EPERM"
    );
    assert_eq!(
        answer("explain io_uring_setup docker-default@24.0.9 -f json"),
        "allow"
    );
}

#[test]
fn wrong_calls() {
    let sandbox = sandbox();
    let check = |line: &str, says: &str, hint: &str| {
        let ran = sandbox.run(line);
        ran.assert_error(2, says);
        assert!(ran.stderr.contains(hint), "{}", ran.stderr);
    };
    check(
        "explain keyctll",
        "no architecture has a system call `keyctll`",
        "hint: did you mean keyctl?",
    );
    check(
        "explain uring",
        "`uring`",
        "did you mean io_uring_enter, io_uring_register, io_uring_setup?",
    );
    check("explain zzzzzz", "`zzzzzz`", "./NAME");
    check("explain Read", "`Read`", "did you mean read?");
    check("explain web.json", "no system call is named", "keyctl");
    check(
        "explain 9999 --arch x86_64",
        "x86_64 has no system call with the number 9999",
        "--arch",
    );
    check("explain 99999999999", "no number", "");
    check("explain keyctl missing.json", "missing.json", "");
    check("explain keyctl - -", "read only once", "");
    check("explain keyctl --arch z80", "z80", "");
    check("explain keyctl -f html", "html", "markdown");
    let ran = sandbox.run("explain");
    assert_eq!(ran.code, Some(2));
}

/// Names of processes and files, and what a trace prints, do nothing to who reads of them.
#[test]
fn hostile_text() {
    let sandbox = Sandbox::new();
    let evil =
        "e\u{1b}[31m|<script>alert(1)</script>`x` @everyone [a](http://b.c) \u{202e}\u{9b}2J";
    let trace = format!(
        "10 execve(\"/usr/{evil}\", [\"x\"], 0x7ffd /* 1 var */) = 0\n\
         10 prctl(PR_SET_NAME, \"n{evil}\") = 0\n\
         10 ioctl(0, {evil}, 0) = 0\n\
         10 exit_group(0) = ?\n10 +++ exited with 0 +++\n"
    );
    let name = "t\u{1b}[1m|<b>@team.strace";
    sandbox.write(name, trace);
    let profile = "p\u{1b}[1m|<b>`@team.json";
    sandbox.write(profile, PROFILE);
    for format in ["text", "markdown", "json"] {
        let ran = sandbox.args([
            "explain", "ioctl", "keyctl", "prctl", name, profile, "--arch", "x86_64", "-v", "-f",
            format,
        ]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_harmless(&ran.stdout);
        assert_harmless(&ran.stderr);
        if format == "markdown" {
            for bad in [
                "<script",
                "<b>",
                " @everyone",
                ">@",
                " [a",
                "`x`",
                "http://",
            ] {
                assert!(!ran.stdout.contains(bad), "{bad}: {}", ran.stdout);
            }
            // Every row of a table keeps its two cells.
            for line in ran.stdout.lines().filter(|line| line.starts_with("| ")) {
                let bars = line.replace("\\|", "").matches('|').count();
                assert_eq!(bars, 3, "{line}");
            }
        }
    }
}

/// Every field that is written is described, and the other way round.
#[test]
fn docs_have_every_field() {
    /// Their keys are names, not fields.
    const MAPS: [&str; 3] = ["outcomes", "architectures", "started_by"];
    fn keys(value: &Value, map: bool, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    if !map {
                        found.insert(key.clone());
                    }
                    keys(value, !map && MAPS.contains(&key.as_str()), found);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| keys(value, false, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let sandbox = sandbox();
    sandbox.write("timed.json", recording::write(&timed()));
    let text = sandbox.ok(
        "explain keyctl io_uring_setup clone3 web.json one.strace timed.json --arch x86_64 -f json",
    );
    let mut written = BTreeSet::new();
    keys(&serde_json::from_str(&text).unwrap(), false, &mut written);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/explain-format.md");
    let docs = std::fs::read_to_string(path).unwrap();
    let described: BTreeSet<String> = docs
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(" | ").next())
        .flat_map(|cell| cell.split('`').step_by(2))
        .map(|name| name.trim_matches([',', ' ']).to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    assert_eq!(written, described);
}

#[test]
fn the_same_bytes_again() {
    let sandbox = sandbox();
    let line = "explain keyctl socket web.json one.strace two.strace --arch x86_64 -f json";
    assert_eq!(sandbox.ok(line), sandbox.ok(line));
    sandbox.ok("explain keyctl -o out.txt");
    assert_eq!(
        sandbox.read("out.txt"),
        sandbox.ok("explain keyctl").into_bytes()
    );
}
