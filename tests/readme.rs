//! The commands that README.md and docs/guide.md show are run: every block of `sh` or `console` after a comment
//! `<!-- tested -->`.
//!
//! Blocks run in order in one directory with `sample-traces` and `profiles` of the repository,
//! `callsieve` on the PATH, and a `cargo` that knows `cargo run … -- ARGS` alone. A block of `sh`
//! has to succeed. In a block of `console`, lines with `$ ` are commands and the others what they
//! print; a line of `...` stands for any number of lines.
#![cfg(feature = "cli")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A block of README.md: the line of its fence, whether it shows output, its lines.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    line: usize,
    console: bool,
    lines: Vec<String>,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut lines = text.lines().enumerate();
    let mut marked = false;
    while let Some((at, line)) = lines.next() {
        let fence = line.trim();
        let console = match fence {
            "<!-- tested -->" => {
                marked = true;
                continue;
            }
            "```sh" => false,
            "```console" => true,
            "" => continue,
            _ => {
                assert!(!marked, "line {}: `tested` has no block after it", at + 1);
                continue;
            }
        };
        let inside = lines
            .by_ref()
            .map(|(_, line)| line.to_owned())
            .take_while(|line| line.trim() != "```")
            .collect();
        if std::mem::take(&mut marked) {
            blocks.push(Block {
                line: at + 1,
                console,
                lines: inside,
            });
        }
    }
    blocks
}

/// Commands with what they are to print, or `None` for anything.
fn commands(block: &Block) -> Vec<(String, Option<Vec<String>>)> {
    if !block.console {
        return vec![(block.lines.join("\n"), None)];
    }
    let mut commands: Vec<(String, Option<Vec<String>>)> = Vec::new();
    for line in &block.lines {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), Some(Vec::new()))),
            (None, Some((command, Some(output))))
                if output.is_empty() && command.ends_with('\\') =>
            {
                *command = format!("{command}\n{line}");
            }
            (None, Some((_, Some(output)))) => output.push(line.clone()),
            (None, _) => panic!("line {}: output before a command", block.line),
        }
    }
    commands
}

/// Whether lines are those expected, where `...` stands for any number.
fn fits(expected: &[String], lines: &[&str]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((any, rest)) if any.trim() == "..." => {
            (0..=lines.len()).any(|skip| fits(rest, &lines[skip..]))
        }
        Some((line, rest)) => {
            lines
                .first()
                .is_some_and(|first| first.trim_end() == line.trim_end())
                && fits(rest, &lines[1..])
        }
    }
}

const CARGO: &str = r#"#!/bin/sh
[ "$1" = run ] || { echo "only cargo run is known here" >&2; exit 1; }
while [ $# -gt 0 ]; do
  if [ "$1" = -- ]; then shift; exec callsieve "$@"; fi
  shift
done
exec callsieve
"#;

fn sandbox() -> TempDir {
    let directory = TempDir::new().unwrap();
    let bin = directory.path().join("bin");
    fs::create_dir(&bin).unwrap();
    symlink(env!("CARGO_BIN_EXE_callsieve"), bin.join("callsieve")).unwrap();
    let mut cargo = File::create(bin.join("cargo")).unwrap();
    cargo.write_all(CARGO.as_bytes()).unwrap();
    cargo
        .set_permissions(Permissions::from_mode(0o755))
        .unwrap();
    let work = directory.path().join("callsieve");
    fs::create_dir(&work).unwrap();
    for name in ["sample-traces", "profiles"] {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        symlink(here, work.join(name)).unwrap();
    }
    directory
}

fn run_all(text: &str) -> usize {
    let blocks = blocks(text);
    let directory = sandbox();
    let path = format!(
        "{}:/usr/local/bin:/usr/bin:/bin",
        directory.path().join("bin").display()
    );
    for block in &blocks {
        for (command, expected) in commands(block) {
            let output = Command::new("bash")
                .args(["-e", "-c", &format!("exec 2>&1\n{command}")])
                .current_dir(directory.path().join("callsieve"))
                .env_clear()
                .env("PATH", &path)
                .env("LC_ALL", "C.UTF-8")
                .env("TERM", "dumb")
                .env("COLUMNS", "100")
                .output()
                .unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            let lines: Vec<&str> = said.lines().collect();
            let place = format!("README.md:{}: {command}", block.line);
            match expected {
                None => assert!(output.status.success(), "{place}\n{said}"),
                Some(expected) => assert!(
                    fits(&expected, &lines),
                    "{place}\nexpected:\n{}\nfound:\n{said}",
                    expected.join("\n")
                ),
            }
        }
    }
    blocks.len()
}

#[test]
fn what_the_readme_shows_is_so() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let Ok(text) = fs::read_to_string(path) else {
        let line = b"SKIPPED: there is no README.md yet\n";
        std::io::stderr().write_all(line).unwrap();
        return;
    };
    assert!(run_all(&text) > 0, "README.md has no tested block");
}

#[test]
fn what_the_guide_shows_is_so() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide.md");
    let text = fs::read_to_string(path).unwrap();
    assert!(
        run_all(&text) > 3,
        "docs/guide.md has too few tested blocks"
    );
}

/// Links that name a file name one that is there.
#[test]
fn links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = ["README.md", "docs/guide.md"].map(|page| root.join(page));
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1) {
            let link = link.split([')', '#', ' ']).next().unwrap();
            if link.is_empty() || link.contains("://") || !link.contains('.') {
                continue;
            }
            let target = page.parent().unwrap().join(link);
            assert!(target.exists(), "{}: {link}", page.display());
        }
    }
}

#[test]
fn blocks_are_found_and_run() {
    let text = "# A\n```sh\nexit 1\n```\n<!-- tested -->\n\n```sh\n\
        cargo run --release -- list -q sample-traces/musl/trace.strace >names\ntest -s names\n```\n\
        <!-- tested -->\n```console\n$ head -2 names \\\n    | cat\n...\nx86_64 bind\n$ callsieve --version\n...\n```\n";
    assert_eq!(run_all(text), 2);
}

#[test]
#[should_panic(expected = "found:\ntwo")]
fn other_output_is_a_failure() {
    run_all("<!-- tested -->\n```console\n$ echo two\none\n```\n");
}

#[test]
#[should_panic(expected = "README.md:2: ls no-such-file")]
fn a_failing_command_is_a_failure() {
    run_all("<!-- tested -->\n```sh\nls no-such-file\n```\n");
}
