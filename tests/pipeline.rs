//! action.yml, ci/gitlab.yml and .pre-commit-hooks.yaml: their steps, run as their services do, in a
//! repository of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    clippy::disallowed_methods,
    reason = "a test may panic, and looks for programs where they are"
)]

mod common;

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_callsieve");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A YAML file of this repository; every scalar is text.
fn yaml(name: &str) -> Value {
    let text = fs::read_to_string(root().join(name)).unwrap();
    let mut events = Parser::new_from_str(&text)
        .map(|event| event.unwrap().0)
        .filter(|event| !matches!(event, Event::StreamStart | Event::DocumentStart(_)))
        .collect::<Vec<_>>()
        .into_iter();
    let first = events.next().unwrap();
    node(first, &mut events)
}

fn node<'a>(event: Event<'a>, rest: &mut impl Iterator<Item = Event<'a>>) -> Value {
    match event {
        Event::Scalar(text, ..) => Value::String(text.into_owned()),
        Event::SequenceStart(..) => {
            let mut all = Vec::new();
            loop {
                match rest.next().unwrap() {
                    Event::SequenceEnd => return Value::Array(all),
                    event => all.push(node(event, rest)),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut all = Map::new();
            loop {
                match rest.next().unwrap() {
                    Event::MappingEnd => return Value::Object(all),
                    Event::Scalar(key, ..) => {
                        let next = rest.next().unwrap();
                        let known = all.insert(key.into_owned(), node(next, rest));
                        assert!(known.is_none());
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        other => panic!("{other:?}"),
    }
}

/// A repository with two commits: a profile of nginx, then one that is also of redis, up to date.
struct Scratch {
    directory: TempDir,
}

impl Scratch {
    /// None without what it takes, which is said.
    fn new(programs: &[&str]) -> Option<Self> {
        for program in programs {
            let there = Command::new(program).arg("--version").output().is_ok();
            common::require(program, there, "it is not installed");
            if !there {
                return None;
            }
        }
        let directory = TempDir::new().unwrap();
        let scratch = Self { directory };
        for folder in ["bin", "work/rec", "files"] {
            fs::create_dir_all(scratch.path(folder)).unwrap();
        }
        symlink(PROGRAM, scratch.path("bin/callsieve")).unwrap();
        scratch.write(
            "work/callsieve.toml",
            "[profile]\npath = \"web.json\"\nrecordings = \"rec/*.json\"\n",
        );
        scratch.ok("git init -q -b main . && git config user.email a@example.com && git config user.name a");
        scratch.import("nginx");
        scratch.ok("callsieve ci && git add -A && git commit -q -m one");
        scratch.import("redis");
        scratch.ok("callsieve ci --fail-on none && git add -A && git commit -q -m two");
        Some(scratch)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        File::create(self.path(name))
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn import(&self, case: &str) {
        let trace = root().join(format!("sample-traces/{case}/trace.strace.gz"));
        let line = format!(
            "callsieve import -q '{}' -o rec/{case}.json",
            trace.display()
        );
        self.ok(&line);
    }

    fn bash(&self, script: &str) -> Command {
        let mut command = Command::new("bash");
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
            .current_dir(self.path("work"))
            .env_clear()
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("HOME", self.path("files"))
            .env("LC_ALL", "C.UTF-8");
        command
    }

    fn ok(&self, script: &str) {
        let output = self.bash(script).output().unwrap();
        assert!(output.status.success(), "{script}: {}", said(&output));
    }

    fn head(&self, revision: &str) -> String {
        let output = self
            .bash(&format!("git rev-parse {revision}"))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Runs the steps of action.yml as the runner does.
    fn action(&self, inputs: &[(&str, &str)], github: &[(&str, &str)]) -> Output {
        let action = yaml("action.yml");
        let steps = action["runs"]["steps"].as_array().unwrap();
        assert_eq!(steps.len(), 1);
        let step = &steps[0];
        let run = step["run"].as_str().unwrap();
        assert!(!run.contains("${{"), "text from outside in a script: {run}");
        for file in ["summary", "output"] {
            self.write(&format!("files/{file}"), "");
        }
        let mut command = self.bash(run);
        for (name, value) in step["env"].as_object().unwrap() {
            let expression = value.as_str().unwrap();
            let expression = expression
                .strip_prefix("${{ ")
                .and_then(|it| it.strip_suffix(" }}"));
            command.env(
                name,
                evaluated(expression.unwrap(), &action, inputs, github),
            );
        }
        for (name, value) in inputs {
            assert!(action["inputs"][*name].is_object(), "{name}={value}");
        }
        command
            .env("GITHUB_ACTION_PATH", root())
            .env("GITHUB_REPOSITORY", "o/r")
            .env("GITHUB_OUTPUT", self.path("files/output"))
            .env("GITHUB_STEP_SUMMARY", self.path("files/summary"))
            .output()
            .unwrap()
    }
}

/// An expression of a workflow, as far as action.yml has such.
fn evaluated(
    expression: &str,
    action: &Value,
    inputs: &[(&str, &str)],
    github: &[(&str, &str)],
) -> String {
    let given = |all: &[(&str, &str)], name: &str| {
        let found = all.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    if let Some(name) = expression.strip_prefix("inputs.") {
        let default = action["inputs"][name]["default"].as_str().unwrap();
        let default = if default.contains("${{") {
            "secret"
        } else {
            default
        };
        return given(inputs, name).unwrap_or_else(|| default.to_owned());
    }
    let name = expression.strip_prefix("github.").unwrap();
    given(github, name).unwrap_or_default()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Lists the comments of a file and writes down what it is asked to do.
const GH: &str = r#"#!/bin/bash
[ -n "$GH_TOKEN" ] || exit 4
printf '%s\n' "$*" >> "$HOME/requests"
case "$*" in
	*--paginate*) cat "$HOME/comments" ;;
	*) for word; do case $word in body=@*) cp "${word#body=@}" "$HOME/body" ;; esac; done ;;
esac
"#;

fn with_gh(scratch: &Scratch, comments: &str) {
    scratch.write("bin/gh", GH);
    fs::set_permissions(scratch.path("bin/gh"), Permissions::from_mode(0o755)).unwrap();
    scratch.write("files/comments", comments);
}

#[test]
fn the_action_judges_and_sums_up() {
    let Some(scratch) = Scratch::new(&["git"]) else {
        return;
    };
    // On a branch: the profile is what the recordings give.
    let output = scratch.action(&[("check", "true")], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        scratch
            .read("files/summary")
            .starts_with("Seccomp profile `web.json`: unchanged")
            || scratch
                .read("files/summary")
                .starts_with("### Seccomp profile `web.json`: unchanged"),
        "{}",
        scratch.read("files/summary")
    );
    assert_eq!(scratch.read("files/output"), "exit-code=0\n");
    // In a pull request: against its base, with annotations.
    let base = scratch.head("HEAD~1");
    let output = scratch.action(
        &[
            ("check", "true"),
            ("sarif", "x.sarif"),
            ("markdown", "m.md"),
        ],
        &[("event.pull_request.base.sha", &base)],
    );
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).starts_with("::warning file=web.json,line="),
        "{}",
        said(&output)
    );
    assert!(scratch.read("files/summary").contains("system calls wider"));
    assert_eq!(scratch.read("files/output"), "exit-code=1\nmarkdown=m.md\n");
    assert_eq!(scratch.read("work/m.md"), scratch.read("files/summary"));
    assert!(scratch.read("work/x.sarif").contains("\"2.1.0\""));
    let output = scratch.action(
        &[("fail-on", "outside-default")],
        &[("event.pull_request.base.sha", &base)],
    );
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn the_action_keeps_one_comment() {
    let Some(scratch) = Scratch::new(&["git", "jq"]) else {
        return;
    };
    let base = scratch.head("HEAD~1");
    let github = |repository| {
        [
            ("event.pull_request.base.sha", base.as_str()),
            ("event.pull_request.number", "7"),
            ("event.pull_request.head.repo.full_name", repository),
        ]
    };
    let comment = [("comment", "true"), ("fail-on", "none")];
    with_gh(&scratch, "[]\n");
    let output = scratch.action(&comment, &github("o/r"));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let requests = scratch.read("files/requests");
    let lines: Vec<&str> = requests.lines().collect();
    assert_eq!(lines[0], "api --paginate repos/o/r/issues/7/comments");
    assert!(
        lines[1].starts_with("api --silent -X POST repos/o/r/issues/7/comments -F body=@"),
        "{requests}"
    );
    assert_eq!(scratch.read("files/body"), scratch.read("files/summary"));
    // A person's comment with the marker is left alone, that of the action is replaced.
    let body = scratch.read("files/body");
    let comments = serde_json::json!([
        {"id": 1, "user": {"type": "User"}, "body": body},
        {"id": 2, "user": {"type": "Bot"}, "body": "another"},
        {"id": 3, "user": {"type": "Bot"}, "body": body.replace('\n', "\r\n")},
    ]);
    with_gh(&scratch, &format!("[]\n{comments}\n"));
    scratch.write("files/requests", "");
    scratch.action(&comment, &github("o/r"));
    let requests = scratch.read("files/requests");
    assert!(
        requests.contains("-X PATCH repos/o/r/issues/comments/3 "),
        "{requests}"
    );
    // A fork's token can't write: nothing is asked, and the summary is there.
    scratch.write("files/requests", "");
    let output = scratch.action(&comment, &github("evil/r"));
    assert_eq!(scratch.read("files/requests"), "");
    assert!(said(&output).contains("a pull request from a fork gets no comment"));
    assert!(scratch.read("files/summary").contains("system calls wider"));
}

#[test]
fn what_the_action_is_given_is_no_script() {
    let Some(scratch) = Scratch::new(&["git"]) else {
        return;
    };
    for (input, value) in [
        ("against", "$(touch work-was-run)"),
        ("profiles", "--output=x\n`touch work-was-run`"),
        ("recordings", "; touch work-was-run"),
        ("fail-on", "\"; touch work-was-run; \""),
        ("check", "true; touch work-was-run"),
    ] {
        let output = scratch.action(&[(input, value)], &[]);
        assert_eq!(output.status.code(), Some(2), "{input}: {}", said(&output));
        assert!(!scratch.path("work/work-was-run").exists(), "{input}");
    }
}

#[test]
fn the_job_for_gitlab() {
    let Some(scratch) = Scratch::new(&["git"]) else {
        return;
    };
    let job = &yaml("ci/gitlab.yml")["callsieve"];
    let lines: Vec<&str> = job["script"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    let run = |base: &str, more: &str| {
        let mut command = Command::new("sh");
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .args(["-e", "-c", &lines.join("\n")])
            .current_dir(scratch.path("work"))
            .env_clear()
            .env("PATH", format!("{}:{path}", scratch.path("bin").display()))
            .env("HOME", scratch.path("files"))
            .env("CI_MERGE_REQUEST_DIFF_BASE_SHA", base);
        for (name, value) in job["variables"].as_object().unwrap() {
            command.env(name, value.as_str().unwrap());
        }
        if !more.is_empty() {
            command.env("CALLSIEVE_ARGUMENTS", more);
        }
        command.output().unwrap()
    };
    let output = run("", "");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let base = scratch.head("HEAD~1");
    let output = run(&base, "");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        scratch
            .read("work/callsieve.md")
            .contains("system calls wider")
    );
    assert_eq!(
        run(&base, "--check --fail-on outside-default")
            .status
            .code(),
        Some(0)
    );
    for path in job["artifacts"]["paths"].as_array().unwrap() {
        assert!(scratch.path("work").join(path.as_str().unwrap()).exists());
    }
}

#[test]
fn the_hooks_of_pre_commit() {
    let Some(scratch) = Scratch::new(&["git", "pre-commit"]) else {
        return;
    };
    fs::create_dir(scratch.path("hooks")).unwrap();
    fs::copy(
        root().join(".pre-commit-hooks.yaml"),
        scratch.path("hooks/.pre-commit-hooks.yaml"),
    )
    .unwrap();
    scratch.ok(
        "cd ../hooks && git init -q -b main . && git config user.email a@example.com && \
         git config user.name a && git add -A && git commit -q -m x",
    );
    scratch.ok(
        "printf 'repos:\\n  - repo: ../hooks\\n    rev: %s\\n    hooks:\\n      - id: callsieve-ci\\n      - id: callsieve-lint\\n' \
         \"$(git -C ../hooks rev-parse HEAD)\" > .pre-commit-config.yaml && git add -A",
    );
    scratch.ok("pre-commit run --all-files");
    // A recording more: the hook makes the profile again, and the commit stops.
    scratch.import("tls");
    let output = scratch
        .bash("git add -A && pre-commit run")
        .output()
        .unwrap();
    assert!(!output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("files were modified by this hook"),
        "{}",
        said(&output)
    );
    scratch.ok("git add -A && pre-commit run");
    // An exception without a reason stops it, too.
    scratch.ok("printf '[[allow]]\\nsyscall = \"umask\"\\n' >> callsieve.toml && git add -A");
    let output = scratch.bash("pre-commit run").output().unwrap();
    assert!(!output.status.success());
    assert!(said(&output).contains("CS056"), "{}", said(&output));
}
