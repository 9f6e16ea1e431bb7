//! Screens at 80 columns as they are, and that none is wider.

use std::ffi::OsStr;
use std::path::Path;

use expect_test::expect_file;

use crate::util::{PROGRAM, Ran, Sandbox, assert_harmless, ran, skipped};

/// Tables of which a line is a line.
const WIDE: [&str; 1] = ["import --explain-lines"];

/// What a command prints on 80 columns, on both streams.
fn screen(sandbox: &Sandbox, line: &str) -> String {
    let ran = on_80(sandbox, line.split_whitespace());
    let text = format!("$ callsieve {line}\n{}{}", ran.stdout, ran.stderr);
    assert_harmless(&text);
    if !WIDE.iter().any(|wide| line.starts_with(wide)) {
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "`{line}` in {text}");
        }
    }
    text
}

fn on_80(sandbox: &Sandbox, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Ran {
    let mut command = sandbox.command(PROGRAM);
    let output = command.args(["--width", "80"]).args(arguments).output();
    ran(&output.unwrap())
}

#[test]
fn from_traces_to_a_profile() {
    let sandbox = Sandbox::new();
    let mut text = String::new();
    for line in [
        "import sample-traces/nginx/trace.strace.gz -o monday.rec.json",
        "import sample-traces/tls/trace.strace.gz -o tuesday.rec.json",
        "merge monday.rec.json tuesday.rec.json -o week.rec.json",
        "list week.rec.json",
        "generate week.rec.json -o week.json",
        "generate week.rec.json --runtime-floor none -o less.json",
        "merge --profiles week.json less.json -o both.json",
        "explain openat week.json week.rec.json",
    ] {
        text.push_str(&screen(&sandbox, line));
        text.push('\n');
    }
    expect_file!["snapshots/screens.txt"].assert_eq(&text);
}

#[test]
fn lines_of_a_log() {
    let sandbox = Sandbox::new();
    let line = "import --explain-lines sample-traces/musl-follow/trace.strace";
    expect_file!["snapshots/explain-lines.txt"].assert_eq(&screen(&sandbox, line));
}

#[test]
fn floors() {
    let sandbox = Sandbox::new();
    let text = screen(&sandbox, "floor list") + &screen(&sandbox, "floor list --runtime crun");
    expect_file!["snapshots/floor-list.txt"].assert_eq(&text);
}

/// Numbers that are others each time are one of their kind.
fn settled(text: &str) -> String {
    let mut settled = String::new();
    let mut number = false;
    for c in text.chars() {
        let digit = c.is_ascii_digit();
        if !(digit && number) {
            settled.push(if digit { '0' } else { c });
        }
        number = digit;
    }
    settled
}

#[test]
fn the_closing_summary() {
    let sandbox = Sandbox::new();
    let ran = on_80(
        &sandbox,
        "record --backend ptrace -o web.rec.json -- true".split_whitespace(),
    );
    if ran.code == Some(4) {
        return skipped("ptrace", "nothing can be traced here");
    }
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let text = settled(&ran.stderr);
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    // Which call is the last depends on the libc; how long it takes on the machine.
    let rows: Vec<&str> = text
        .lines()
        .map(|line| line.get(..18).unwrap_or(line))
        .collect();
    let rows: Vec<&str> = rows.iter().map(|row| row.trim_end()).collect();
    let expected = [
        "Recorded true for",
        "  with",
        "  Docker default",
        "  last new",
        "  not recorded",
        "",
        "Wrote web.rec.json",
        "",
        "Next: callsieve ge",
    ];
    assert_eq!(rows, expected, "{text}");
    // What it says to type next works.
    let next = ran.stderr.lines().last().unwrap();
    let next = next.strip_prefix("Next: callsieve ").unwrap();
    sandbox.ok(next);
    assert!(sandbox.path("true.json").is_file());
}

#[test]
fn what_to_type_next_works_whatever_the_names() {
    let sandbox = Sandbox::new();
    let log = "sample-traces/nginx/trace.strace.gz";
    for name in [
        "a b.rec.json",
        "it's.rec.json",
        "$(touch owned).rec.json",
        "\u{1b}[31m\u{202e}.rec.json",
    ] {
        let ran = on_80(&sandbox, ["import", log, "-o", name]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_harmless(&ran.stderr);
        let next = ran.stderr.lines().last().unwrap();
        let next = next.strip_prefix("Next: callsieve ").unwrap();
        let typed = sandbox.shell(&format!("\"$CALLSIEVE\" {next}"));
        assert_eq!(typed.code, Some(0), "{next}: {typed:?}");
    }
    assert!(!sandbox.path("owned").exists());
}

#[test]
fn every_golden_fits_80_columns() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/snapshots");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_none_or(|it| it != "txt") || name.starts_with("help-100") {
            continue;
        }
        seen += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        for (at, line) in text.lines().enumerate() {
            // What is not for people is not folded.
            let is_json = line.trim_start().starts_with(['"', '{', '}', '[', ']']);
            let wide = line.chars().count() > 80 && !is_json;
            assert!(
                !wide || NOT_FOLDED.contains(&name.as_str()),
                "{name} line {}: {line}",
                at + 1
            );
        }
    }
    assert!(seen > 10);
}

/// Goldens with tables, and with text that is put into a file as it is.
const NOT_FOLDED: [&str; 3] = ["lint.txt", "lint-rules.txt", "explain-lines.txt"];
