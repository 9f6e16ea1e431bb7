//! `callsieve ci` in repositories of its own.

use serde_json::Value;

use crate::util::{Ran, Sandbox, assert_harmless, skipped};

const NGINX: &str = "import -q sample-traces/nginx/trace.strace.gz -o deploy/nginx.rec.json";
const REDIS: &str = "import -q sample-traces/redis/trace.strace.gz -o deploy/redis.rec.json";
const CONFIG: &str = r#"[profile]
path = "deploy/web.json"
recordings = "deploy/*.rec.json"
no-new-privileges = true
"#;

/// A repository with a recording and a configuration, nothing committed; none without git.
fn repository(config: &str) -> Option<Sandbox> {
    let sandbox = Sandbox::new();
    if sandbox.command("git").arg("--version").output().is_err() {
        skipped("git", "git is not installed");
        return None;
    }
    sandbox.shell_ok(
        "git init -q -b main . && git config user.email a@example.com && git config user.name a \
         && mkdir deploy && echo sample-traces > .gitignore",
    );
    sandbox.ok(NGINX);
    sandbox.write("callsieve.toml", config);
    Some(sandbox)
}

impl Sandbox {
    fn shell_ok(&self, script: &str) {
        let ran = self.shell(script);
        assert_eq!(ran.code, Some(0), "{}", ran.whole());
    }

    fn commit(&self) {
        self.shell_ok("git add -A && git commit -q -m x");
    }

    fn exits(&self, line: &str, code: i32) -> Ran {
        let ran = self.run(line);
        assert_eq!(ran.code, Some(code), "{line}: {}", ran.whole());
        ran
    }
}

#[test]
fn a_profile_is_made_kept_and_judged() {
    let Some(sandbox) = repository(CONFIG) else {
        return;
    };
    let first = sandbox.exits("ci", 0);
    assert!(
        first
            .stdout
            .contains("deploy/web.json against docker-default"),
        "{}",
        first.stdout
    );
    assert!(
        first
            .stdout
            .ends_with("deploy/web.json: written\n\nPassed: 1 profile.\n")
    );
    sandbox.commit();
    let made = sandbox.state();
    let again = sandbox.exits("ci", 0);
    assert!(again.stdout.contains("No changes"), "{}", again.stdout);
    // The second run touches nothing, and from any folder it is the same.
    assert_eq!(sandbox.state(), made);
    let below = sandbox.shell("cd deploy && \"$CALLSIEVE\" ci");
    assert_eq!(below.stdout, again.stdout, "{}", below.stderr);

    // A new program: wider, so it fails, and with `--check` nothing is written.
    sandbox.ok(REDIS);
    let before = sandbox.read("deploy/web.json");
    let check = sandbox.exits("ci --check --markdown m.md --sarif s.json -f json", 1);
    assert_eq!(sandbox.read("deploy/web.json"), before);
    let json: Value = serde_json::from_str(&check.stdout).unwrap();
    assert_eq!(json["profiles"][0]["changed"], true);
    assert_eq!(json["profiles"][0]["fails"], true);
    assert_eq!(
        json["verdict"],
        "Failed: 1 profile is wider, 1 profile is not up to date"
    );
    let comment = String::from_utf8(sandbox.read("m.md")).unwrap();
    let lines: Vec<&str> = comment.lines().take(2).collect();
    assert_eq!(
        lines,
        [
            "### Seccomp profile `deploy/web.json`: 13 system calls wider; not up to date",
            "<!-- callsieve:ci:callsieve.toml -->"
        ]
    );
    let sarif: Value = serde_json::from_slice(&sandbox.read("s.json")).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 13);
    sandbox.exits("ci", 1);
    sandbox.exits("ci --fail-on outside-default", 0);
    sandbox.exits("ci --check --fail-on none", 0);
    sandbox.commit();
    // Committed, it is well; against the commit before, it is wider.
    sandbox.exits("ci --check", 0);
    let base = sandbox.exits("ci --check --against HEAD~1 -f github", 1);
    assert!(
        base.stdout
            .starts_with("::warning file=deploy/web.json,line="),
        "{}",
        base.stdout
    );

    // A run that shows less changes nothing, unless there is evidence.
    sandbox.shell_ok("rm deploy/redis.rec.json");
    let kept = sandbox.exits("ci --check --prune-after 2", 0);
    assert!(
        kept.stdout
            .contains("Kept, not seen any more:\n  chdir fdatasync"),
        "{}",
        kept.stdout
    );
    assert!(
        kept.stdout
            .contains("Nothing was dropped: 1 complete runs, 2 are asked for.")
    );
    let pruned = sandbox.exits("ci --prune-after 1", 0);
    assert!(
        pruned
            .stdout
            .contains("Dropped, as no complete run shows it, of 1:"),
        "{}",
        pruned.stdout
    );
    assert_eq!(sandbox.read("deploy/web.json"), before);
}

#[test]
fn exceptions_are_applied_and_judged() {
    let config = format!(
        "{CONFIG}\n[[allow]]\nsyscall = \"umask\"\nreason = \"a | `b` <img src=x> @team \\u202E\"\n\
         owner = \"o\"\nexpires = 2027-06-30\n\n[[allow]]\nsyscall = [\"keyctl\"]\nreason = \"r\"\n\
         beyond-base = true\n\n[[deny]]\nsyscall = [\"accept4\", \"ptrace\"]\n"
    );
    let Some(sandbox) = repository(&config) else {
        return;
    };
    let ran = sandbox.exits("ci --today 2027-06-30 -f json --markdown m.md", 1);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    let rules = |json: &Value| -> Vec<String> {
        let findings = json["findings"].as_array().unwrap().iter();
        findings
            .map(|it| it["rule"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(rules(&json), ["CS059", "CS056", "CS058"]);
    assert_eq!(
        json["verdict"],
        "Failed: 1 profile is wider, 1 exception has expired or no reason"
    );
    let text = String::from_utf8(sandbox.read("deploy/web.json")).unwrap();
    assert!(text.contains("\"umask\"") && text.contains("\"keyctl\""));
    assert!(!text.contains("\"accept4\""));
    // The day after it fails, and still applies.
    sandbox.commit();
    for (line, epoch) in [("ci --today 2027-07-01", ""), ("ci", "1814400000")] {
        let mut command = sandbox.command(crate::util::PROGRAM);
        command.args(line.split(' ')).args(["-f", "json"]);
        if !epoch.is_empty() {
            command.env("SOURCE_DATE_EPOCH", epoch);
        }
        let ran = crate::util::ran(&command.output().unwrap());
        assert_eq!(ran.code, Some(1), "{}", ran.whole());
        let json: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(rules(&json), ["CS055", "CS059", "CS056", "CS058"], "{line}");
        assert_eq!(json["profiles"][0]["changed"], false);
    }
    sandbox.exits("ci --today 2027-07-01 --markdown m.md --sarif s.json", 1);
    let comment = String::from_utf8(sandbox.read("m.md")).unwrap();
    assert!(
        !comment.contains("<img") && !comment.contains(" @team"),
        "{comment}"
    );
    assert!(comment.contains("<code>"), "{comment}");
    assert_harmless(&comment);
    let lint = sandbox.exits("lint callsieve.toml --today 2027-07-01", 1);
    for id in ["error[CS055]", "error[CS056]", "warning[CS059]"] {
        assert!(lint.stdout.contains(id), "{}", lint.stdout);
    }
    assert_harmless(&lint.stdout);
    sandbox.exits("lint callsieve.toml --today 2027-06-30 --rule CS056=off", 0);
}

#[test]
fn several_profiles_and_the_worst_of_them() {
    let config = r#"
        [[profile]]
        path = "deploy/web.json"
        recordings = ["deploy/nginx.rec.json"]

        [[profile]]
        path = "deploy/cut.json"
        recordings = ["deploy/cut.rec.json"]

        [[profile.allow]]
        syscall = "umask"
        reason = "only here"
    "#;
    let Some(sandbox) = repository(config) else {
        return;
    };
    sandbox.ok("import -q sample-traces/nginx/trace.strace.gz -o deploy/cut.rec.json");
    sandbox.exits("ci", 0);
    let text = |name: &str| String::from_utf8(sandbox.read(name)).unwrap();
    assert!(text("deploy/cut.json").contains("\"umask\""));
    assert!(!text("deploy/web.json").contains("\"umask\""));
    // One is incomplete now: it stays as it is, the other is looked at, the code is that of the worst.
    sandbox.run("import -q sample-traces/table/trace.strace -o deploy/cut.rec.json");
    let ran = sandbox.exits("ci -f markdown", 3);
    assert!(
        ran.stdout
            .starts_with("### Seccomp profiles: 0 of 2 changed, 1 could not be made\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stderr.contains("error: the recording is incomplete"),
        "{}",
        ran.stderr
    );
    sandbox.exits("ci deploy/web.json", 0);
    sandbox.exits("ci deploy/none.json", 2);
}

#[test]
fn a_configuration_is_read_strictly() {
    let Some(sandbox) = repository(CONFIG) else {
        return;
    };
    let profile = "[profile]\npath = \"p.json\"\nrecordings = \"deploy\"\n";
    for (text, says) in [
        ("", "callsieve.toml:1:1: there is no `[profile]`"),
        (
            "[profile]\npath = \"p\"\n",
            "callsieve.toml:1:1: the profile has no `recordings`",
        ),
        ("x = [", "callsieve.toml:1:"),
        (
            "[profile]\npath = \"/etc/x\"\nrecordings = \"d\"",
            ":2:8: `path` must be a path from the folder",
        ),
        (
            &format!("{profile}recordngs = 1"),
            ":4:1: unknown key `recordngs` in a profile; did you mean `recordings`?",
        ),
        (
            &format!("{profile}exec = 1"),
            ":4:8: `exec` must be true or false",
        ),
        (
            &format!("{profile}arch = [\"x87\"]"),
            "callsieve.toml:4:9: unknown architecture `x87`",
        ),
        (
            &format!("{profile}base = \"--help\"\nprune-after = 0"),
            ":5:15: `prune-after` must be a number from 1 on",
        ),
        (
            &format!("{profile}[[allow]]\nsyscall = \"opan\""),
            ":5:11: unknown system call `opan`; did you mean open?",
        ),
        (
            &format!("{profile}[[allow]]\nsyscall = \"open\"\nexpires = 2027-02-30"),
            "callsieve.toml:6:",
        ),
        (
            &format!("{profile}[[deny]]\nsyscall = \"open\"\nbeyond-base = true"),
            "unknown key `beyond-base`",
        ),
        (
            &format!("{profile}[[allow]]\nsyscall = \"open\"\n[[deny]]\nsyscall = \"open\""),
            ":7:11: a second exception for `open`",
        ),
        (
            &format!("{profile}[ci]\nfail-on = \"never\""),
            "`fail-on` must be",
        ),
        (
            &format!("{profile}[lint]\nCS999 = \"off\""),
            "unknown key `CS999` in [lint]",
        ),
        (
            &format!("{profile}[ci]\nsarif = \"a\\u001b[31m\""),
            "without control characters",
        ),
    ] {
        sandbox.write("callsieve.toml", text);
        sandbox.run("ci").assert_error(2, says);
        sandbox
            .run("lint callsieve.toml")
            .assert_error(2, "callsieve.toml:");
    }
    let deep = format!("{profile}x = {}", "[".repeat(200_000));
    sandbox.write("callsieve.toml", deep);
    sandbox.run("ci").assert_error(2, "callsieve.toml:4:");
    sandbox.write("callsieve.toml", "#".repeat(2 << 20));
    sandbox.run("ci").assert_error(2, "larger than");
}

/// Whoever opens a pull request can write the file.
#[test]
fn a_hostile_configuration_reaches_nothing_outside() {
    let Some(sandbox) = repository(CONFIG) else {
        return;
    };
    let with = |path: &str, recordings: &str, more: &str| {
        format!("[profile]\npath = \"{path}\"\nrecordings = \"{recordings}\"\n{more}")
    };
    sandbox.shell_ok(
        "mkdir other && ln -s ../.git/config deploy/link.json && ln -s /etc deploy/etc && \
         ln -s /etc/passwd deploy/passwd && mkfifo deploy/fifo",
    );
    let good = "deploy/*.rec.json";
    for (text, says) in [
        (with("../p.json", good, ""), "it lies outside of the folder"),
        (with(".git/hooks/pre-commit", good, ""), "it belongs to git"),
        (with("deploy/link.json", good, ""), "it belongs to git"),
        (
            with("deploy/etc/p.json", good, ""),
            "it lies outside of the folder",
        ),
        (with("deploy/fifo", good, ""), "it is no regular file"),
        (
            with("p.json", good, "reasons = \".GIT/x\""),
            "can't write to `.GIT/x`",
        ),
        (
            with("p.json", good, "[ci]\nmarkdown = \"../m.md\""),
            "it lies outside of the folder",
        ),
        (
            with("p.json", "deploy/passwd", ""),
            "it leads out of the repository",
        ),
        (
            with("p.json", "deploy/etc/*", ""),
            "it leads out of the repository",
        ),
        (
            with("p.json", "../../../../../../../etc/*", ""),
            "it leads out of the repository",
        ),
        (
            with("p.json", "none/*.json", ""),
            "`none/*.json`: no file matches",
        ),
        (
            with("p.json", good, "[ci]\nagainst = \"--output=x\""),
            "names no revision",
        ),
        (
            with("p.json", good, "[ci]\nagainst = \"v9\""),
            "`v9` is no revision of this repository",
        ),
    ] {
        sandbox.write("callsieve.toml", &text);
        let before = sandbox.state();
        let ran = sandbox.run("ci -q");
        assert_eq!(ran.code, Some(2), "{text}: {}", ran.whole());
        assert!(ran.stderr.contains(says), "{text}: {}", ran.stderr);
        assert_harmless(&ran.stderr);
        assert_eq!(sandbox.state(), before, "{text}");
    }
}

#[test]
fn the_file_is_found_where_nobody_else_can_put_one() {
    let sandbox = Sandbox::new();
    sandbox.write("callsieve.toml", CONFIG);
    sandbox.shell_ok("mkdir -p below deploy");
    sandbox.ok(NGINX);
    // No repository: only the working directory counts.
    let below = sandbox.shell("cd below && \"$CALLSIEVE\" ci");
    assert_eq!(below.code, Some(2));
    assert!(
        below.stderr.contains("there is no callsieve.toml"),
        "{}",
        below.stderr
    );
    let named = sandbox.shell("cd below && \"$CALLSIEVE\" ci -c ../callsieve.toml");
    assert_eq!(named.code, Some(0), "{}", named.stderr);
    let by_variable =
        sandbox.shell("cd below && CALLSIEVE_CONFIG=../callsieve.toml \"$CALLSIEVE\" ci");
    assert_eq!(by_variable.code, Some(0), "{}", by_variable.stderr);
    assert!(
        by_variable.stdout.contains("No changes"),
        "{}",
        by_variable.stdout
    );
}

#[test]
fn nothing_is_written_where_something_can_not_be() {
    let Some(sandbox) = repository(CONFIG) else {
        return;
    };
    let before = sandbox.state();
    sandbox
        .run("ci --markdown no/such/folder.md")
        .assert_error(2, "no/such/folder.md");
    assert_eq!(sandbox.state(), before);
    let full = sandbox.shell("\"$CALLSIEVE\" ci --markdown /dev/full");
    assert_eq!(full.code, Some(2), "{}", full.stderr);
    assert_eq!(sandbox.state(), before);
}
