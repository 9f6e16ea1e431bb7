//! `verify` and `record --under` as commands: reports, codes, wrong use. What programs see under a
//! profile is the matter of tests/kernel/refused.rs.

use serde_json::Value;

use crate::util::{Sandbox, assert_harmless, skipped};

/// A sandbox with profiles, or none where nothing can be traced.
fn sandbox() -> Option<Sandbox> {
    let sandbox = Sandbox::new();
    let profile = |default: &str, rules: &str| {
        format!(
            r#"{{"defaultAction": "SCMP_ACT_{default}",
 "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], "syscalls": [{rules}]}}"#
        )
    };
    let refuses = |action: &str, names: &str| {
        format!(r#"{{"names": [{names}], "action": "SCMP_ACT_{action}"}}"#)
    };
    for (name, text) in [
        ("all.json", profile("ALLOW", "")),
        (
            "uname.json",
            profile("ALLOW", &refuses("ERRNO", r#""uname""#)),
        ),
        (
            "keyctl.json",
            profile("ALLOW", &refuses("ERRNO", r#""unshare""#)),
        ),
        (
            "kill.json",
            profile("ALLOW", &refuses("KILL_PROCESS", r#""uname""#)),
        ),
        (
            "clone3.json",
            profile(
                "ALLOW",
                r#"{"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}"#,
            ),
        ),
        (
            "arm.json",
            profile("ALLOW", "")
                .replace("X86_64", "AARCH64")
                .replace("X86\"", "ARM\"")
                .replace(", \"SCMP_ARCH_X32\"", ""),
        ),
    ] {
        sandbox.write(name, text);
    }
    let ran = sandbox.run("record -o ability.json -- true");
    if ran.code == Some(0) {
        return Some(sandbox);
    }
    skipped("ptrace", &ran.stderr);
    None
}

/// The times and numbers of a report, blotted out.
fn blotted(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '[' => {
                out.push_str("[PID");
                while chars.next_if(char::is_ascii_digit).is_some() {}
            }
            c if c.is_ascii_digit() && chars.peek() == Some(&'.') && {
                let mut ahead = chars.clone();
                ahead.nth(1).is_some_and(|c| c.is_ascii_digit())
            } =>
            {
                out.push('T');
                while chars.next_if(|c| c.is_ascii_digit() || *c == '.').is_some() {}
            }
            c => out.push(c),
        }
    }
    // How long it lives on.
    let mut words: Vec<String> = Vec::new();
    for word in out.split(' ') {
        if (word == "ms" || word.starts_with("ms\n"))
            && words.last().is_some_and(|it| it.parse::<u64>().is_ok())
        {
            words.pop();
            words.push("T".to_owned());
        }
        words.push(word.to_owned());
    }
    words.join(" ")
}

#[test]
fn nothing_is_refused() {
    let Some(sandbox) = sandbox() else { return };
    let ran = sandbox.run("verify all.json -- echo its own");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "its own\n"));
    expect_test::expect![[r#"
        echo under all.json (x86_64, default capabilities)

        Nothing was refused. The command ended with status 0.
    "#]]
    .assert_eq(&ran.stderr);
}

/// Its status is no finding, and is seen.
#[test]
fn the_commands_own_failure_is_told() {
    let Some(sandbox) = sandbox() else { return };
    let ran = sandbox.args(["verify", "all.json", "sh", "-c", "exit 7"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("The command ended with status 7."));
    let ran = sandbox.args(["verify", "all.json", "sh", "-c", "kill -9 $$"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("The command was killed by SIGKILL."));
}

#[test]
fn a_refusal_and_its_repair() {
    let Some(sandbox) = sandbox() else { return };
    let ran = sandbox.run("verify uname.json -- uname");
    assert_eq!(ran.code, Some(1));
    assert_harmless(&ran.stderr);
    expect_test::expect![[r#"
        uname: cannot get system name: Operation not permitted
        uname under uname.json (x86_64, default capabilities)

          T s  uname  EPERM  1 call  /usr/bin/uname[PID]  exit 1 T ms later

        1 system call refused. The command ended with status 1.

        Inside Docker's default; to allow it:
          callsieve generate RECORDING... \
            --also 'uname=called by uname'
    "#]]
    .assert_eq(&blotted(&ran.stderr));
    let ran = sandbox.run("verify kill.json -- uname");
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("killed by SIGSYS"), "{}", ran.stderr);
    assert!(
        !ran.stderr.contains("not all of it was seen"),
        "{}",
        ran.stderr
    );
    let ran = sandbox.run("verify --mode log kill.json -- uname");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), "Linux\n"));
    assert!(
        ran.stderr.contains("1 system call would be refused."),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_no_option_repairs() {
    let Some(sandbox) = sandbox() else { return };
    let ran = sandbox.run("verify -v keyctl.json -- unshare -m true");
    assert_eq!(ran.code, Some(1));
    let text = &ran.stderr;
    assert!(
        text.contains("unshare: EPERM there; permitted to containers with CAP_SYS_ADMIN"),
        "{text}"
    );
    assert!(
        text.contains("--allow unshare=REASON") && !text.contains("--also"),
        "{text}"
    );
}

/// The repair works, and does not go beyond Docker's default.
#[test]
fn the_options_repair() {
    let Some(sandbox) = sandbox() else { return };
    let script = r#"
        $CALLSIEVE record -q -o true.rec.json -- true &&
        $CALLSIEVE generate -q true.rec.json -o true.json &&
        ! $CALLSIEVE verify -q -f json -o report.json true.json -- uname -a &&
        python3 - <<'E' > options
import json
for name, reason in json.load(open("report.json"))["also"].items():
    print("--also"); print(f"{name}={reason}")
E
        mapfile -t options < options &&
        $CALLSIEVE generate -q true.rec.json -o repaired.json "${options[@]}" &&
        $CALLSIEVE check repaired.json --at-most docker-default &&
        $CALLSIEVE verify repaired.json -- uname"#;
    let ran = sandbox.shell(script);
    assert_eq!(ran.code, Some(0), "{}", ran.whole());
    assert!(ran.stdout.ends_with("Linux\n"), "{}", ran.whole());
}

#[test]
fn enosys_on_purpose_is_no_failure() {
    let Some(sandbox) = sandbox() else { return };
    sandbox.write(
        "threads.py",
        "import threading\nt = threading.Thread(target=print, args=('hello',))\nt.start()\nt.join()\n",
    );
    let ran =
        sandbox.run("verify -f json -o report.json clone3.json -- /usr/bin/python3 threads.py");
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "hello\n"),
        "{}",
        ran.stderr
    );
    let report: Value = serde_json::from_slice(&sandbox.read("report.json")).unwrap();
    assert_eq!(report["passed"], true);
    for row in report["denials"].as_array().unwrap() {
        assert_eq!(
            (&row["call"], &row["expected"]),
            (&"clone3".into(), &true.into())
        );
    }
}

/// docs/verify-format.md names every field that there is, and no other.
#[test]
fn the_json_is_as_documented() {
    let Some(sandbox) = sandbox() else { return };
    let ran = sandbox.run("verify -f json -o - uname.json -- uname");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["schema"], 1);
    let text = include_str!("../../docs/verify-format.md");
    let example = text.split("```json\n").nth(1).unwrap();
    let example: Value = serde_json::from_str(example.split("```").next().unwrap()).unwrap();
    let keys = |value: &Value| -> Vec<String> {
        let object = value.as_object().unwrap();
        object.keys().cloned().collect()
    };
    assert_eq!(keys(&report), keys(&example));
    let (row, documented) = (&report["denials"][0], &example["denials"][0]);
    assert_eq!(keys(row), keys(documented));
    assert_eq!(keys(&row["ends"][0]), keys(&documented["ends"][0]));
    assert_eq!(row["docker_default"], "inside");
    assert_eq!(report["also"]["uname"], "called by uname");
}

#[test]
fn recorded_under_dockers_default() {
    let Some(sandbox) = sandbox() else { return };
    let ran = sandbox.run("record --under docker-default -o under.json -- unshare -m true");
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("refused there   unshare"),
        "{}",
        ran.stderr
    );
    let file: Value = serde_json::from_slice(&sandbox.read("under.json")).unwrap();
    assert_eq!(file["version"], "1.3");
    let (_, run) = file["runs"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(run["recorder"]["under"]["denials"][0]["answer"], "EPERM");
    assert_eq!(run["syscalls"]["x86_64"]["unshare"]["outcomes"]["EPERM"], 1);
    // It is read again, and what the base refuses stays out.
    let made = sandbox.run("generate under.json -o made.json");
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let profile = String::from_utf8(sandbox.read("made.json")).unwrap();
    assert!(!profile.contains("unshare"));
    assert_eq!(sandbox.run("merge under.json -o again.json").code, Some(0));
    assert_eq!(sandbox.read("under.json"), sandbox.read("again.json"));
    let checked = sandbox.run("check made.json --at-most docker-default");
    assert_eq!(checked.code, Some(0));
}

#[test]
fn wrong_use() {
    let Some(sandbox) = sandbox() else { return };
    for (line, code, says) in [
        ("verify all.json -- no-such-command", 127, "can't find"),
        ("verify all.json -- ./all.json", 126, "can't execute"),
        ("verify no-such.json -- true", 2, "no-such.json"),
        (
            "verify -o /no-such/report all.json -- true",
            2,
            "No such file",
        ),
        ("verify arm.json -- true", 2, "is for aarch64"),
        ("verify - -- true", 2, "standard input is the command's"),
        ("verify all.json --", 2, ""),
        ("verify --engine nonsense all.json -- true", 2, "nonsense"),
        ("record --under arm.json -- true", 2, "is for aarch64"),
        (
            "record --under all.json --backend notify -- true",
            2,
            "tracer",
        ),
        ("record --cap-add ALL -- true", 2, "--under"),
        ("record --under all.json --pid 1", 2, "cannot be used with"),
        (
            "record --under all.json --known ability.json -- true",
            2,
            "cannot be used with",
        ),
        ("generate ability.json --also uname", 2, "NAME=REASON"),
        (
            "generate ability.json --also nonsense=because",
            2,
            "nonsense",
        ),
    ] {
        let ran = sandbox.run(line);
        assert_eq!(ran.code, Some(code), "{line}: {}", ran.whole());
        assert_eq!(ran.stdout, "", "{line}");
        assert!(ran.stderr.starts_with("error: "), "{line}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{line}: {}", ran.stderr);
        assert_harmless(&ran.stderr);
    }
}

#[test]
fn a_command_that_does_not_end() {
    let Some(sandbox) = sandbox() else { return };
    let ran = sandbox.run("verify --duration 300ms all.json -- sleep 600");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("The command was killed by SIGTERM."),
        "{}",
        ran.stderr
    );
}

/// What `-q` leaves is the result and losses.
#[test]
fn the_report_in_a_file() {
    let Some(sandbox) = sandbox() else { return };
    let ran = sandbox.run("verify -o report all.json -- true");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""));
    assert!(ran.stderr.ends_with("Wrote report\n"), "{}", ran.stderr);
    assert!(sandbox.read("report").starts_with(b"true under all.json"));
    let ran = sandbox.run("verify -q -o report all.json -- true");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

/// What can't be read is said before an engine is asked.
#[test]
fn a_profile_that_is_not_there_needs_no_engine() {
    let sandbox = Sandbox::new();
    for docker in [
        "",
        "mkdir engine; printf '#!/bin/sh\\n: >asked\\n' >engine/docker; chmod +x engine/docker;",
    ] {
        let line = "PATH=$PWD/engine \"$CALLSIEVE\" verify missing.json --image x --engine docker";
        let ran = sandbox.shell(&format!("{docker} {line}"));
        ran.assert_error(2, "`missing.json`");
        assert!(!sandbox.path("asked").exists());
    }
}
