//! The tree keeps its shape: layers, sizes, no traces of the machine it was made on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// The library's modules, bottom up. A module names only those before it.
const LAYERS: [&str; 14] = [
    "arch",
    "bpf",
    "ebpf",
    "syscalls",
    "sys",
    "event",
    "ingest",
    "record",
    "recording",
    "profile",
    "formats",
    "enforce",
    "lint",
    "config",
];

/// Modules of one height, which must not know each other.
const SIBLINGS: [(&str, &str); 3] = [("record", "ingest"), ("sys", "syscalls"), ("event", "sys")];

/// No file of code is longer, in lines.
const LONGEST: usize = 600;
/// Tables of data may be.
const TABLES: [&str; 3] = [
    "src/syscalls/data/",
    "src/syscalls/symbols.rs",
    "src/lint/rules.rs",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files below a folder or the file itself, relative to the repository, sorted.
fn files(below: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest: Vec<PathBuf> = vec![root().join(below)];
    while let Some(path) = rest.pop() {
        if path.is_dir() {
            rest.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if let Ok(text) = fs::read_to_string(&path) {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
            found.push((name.to_owned(), text));
        }
    }
    found.sort();
    found
}

fn sources(below: &str) -> Vec<(String, String)> {
    let mut files = files(below);
    files.retain(|(name, _)| Path::new(name).extension().is_some_and(|it| it == "rs"));
    files
}

/// Code without whole-line comments.
fn code(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    lines.join("\n")
}

/// The names that follow each `prefix`, one or a list in braces.
fn after(text: &str, prefix: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.trim_start()
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect()
    };
    let mut names = Vec::new();
    for (at, _) in text.match_indices(prefix) {
        let rest = &text[at + prefix.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.push(word(rest));
            continue;
        };
        let (mut depth, mut expects) = (1, true);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => expects = true,
                c if expects && !c.is_whitespace() => {
                    names.push(word(&list[at..]));
                    expects = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

#[test]
fn the_search_for_names_finds_them() {
    let text = "use crate::arch::Arch;\nuse crate::{event::{A, B}, syscalls, ingest::C};";
    assert_eq!(
        after(text, "crate::"),
        ["arch", "event", "syscalls", "ingest"]
    );
    assert_eq!(
        after(&code("// crate::x\n  /// crate::y\n"), "crate::"),
        [""; 0]
    );
}

#[test]
fn layers_point_downwards() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (name, text) in sources("src") {
        let path = name.strip_prefix("src/").unwrap();
        let module = path.split('/').next().unwrap().trim_end_matches(".rs");
        let text = code(&text);
        let named = after(&text, "crate::");
        let Some(level) = LAYERS.iter().position(|layer| *layer == module) else {
            match module {
                "lib" => {
                    let mut modules: Vec<String> = after(&text, "mod ");
                    modules.sort_unstable();
                    let mut layers = LAYERS.to_vec();
                    layers.sort_unstable();
                    assert_eq!(modules, layers, "the library has other modules");
                }
                // Only the public API: the library is another crate to these.
                "main" | "cli" => wrong.extend(
                    named
                        .iter()
                        .filter(|other| LAYERS.contains(&other.as_str()))
                        .map(|other| format!("{name} names crate::{other}")),
                ),
                other => wrong.push(format!("{name}: `{other}` has no layer")),
            }
            continue;
        };
        // As many `super` as lead to the root.
        let depth = path.trim_end_matches("/mod.rs").split('/').count();
        let up = after(&text, &"super::".repeat(depth));
        for other in named.iter().chain(&up) {
            let Some(at) = LAYERS.iter().position(|layer| layer == other) else {
                if other == "cli" {
                    wrong.push(format!("{name} names the command line"));
                }
                continue;
            };
            seen += 1;
            if SIBLINGS.contains(&(module, other.as_str())) {
                wrong.push(format!("{name} names {other}, which stands beside it"));
            }
            if at > level {
                wrong.push(format!("{name}, which is {module}, names {other} above it"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 50, "only {seen} names were seen");
}

/// A reader of one format knows of no other: only `format` names them all.
#[test]
fn formats_do_not_know_each_other() {
    const COMMON: [&str; 11] = [
        "mod",
        "by_line",
        "clock",
        "compressed",
        "explain",
        "format",
        "gather",
        "json",
        "lines",
        "reader",
        "text",
    ];
    let of = |name: &str| {
        let path = name.strip_prefix("src/ingest/").unwrap();
        path.split('/')
            .next()
            .unwrap()
            .trim_end_matches(".rs")
            .to_owned()
    };
    let files = sources("src/ingest");
    let formats: Vec<String> = files
        .iter()
        .map(|(name, _)| of(name))
        .filter(|name| !COMMON.contains(&name.as_str()))
        .collect();
    assert!(formats.len() > 1);
    for (name, text) in &files {
        let own = of(name);
        if own == "mod" || own == "format" {
            continue;
        }
        let text = code(text);
        let depth = name.strip_prefix("src/ingest/").unwrap();
        let depth = depth.trim_end_matches("/mod.rs").split('/').count();
        let mut named = after(&text, "crate::ingest::");
        named.extend(after(&text, &"super::".repeat(depth)));
        for other in named {
            assert!(
                !formats.contains(&other) || other == own,
                "{name} names the format {other}"
            );
        }
    }
}

#[test]
fn files_are_short() {
    let long: Vec<String> = sources("src")
        .into_iter()
        .filter(|(name, _)| !TABLES.iter().any(|table| name.starts_with(table)))
        .map(|(name, text)| (text.lines().count(), name))
        .filter(|(lines, _)| *lines > LONGEST)
        .map(|(lines, name)| format!("{name} has {lines} lines"))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn unsafe_code_is_in_one_place() {
    let word = ["un", "safe"].concat();
    for below in ["src", "tests", "benches", "xtask"] {
        for (name, text) in sources(below) {
            let text = code(&text);
            let used = text
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .any(|part| part == word);
            assert!(!used || name.starts_with("src/sys/"), "{name}");
        }
    }
}

#[test]
fn generated_files_say_so() {
    let tables = sources("src/syscalls/data");
    assert!(tables.len() > 5);
    for (name, text) in tables {
        if name.ends_with("/mod.rs") {
            continue;
        }
        let first = text.lines().next().unwrap();
        assert!(
            first.starts_with("// @generated by `cargo xtask codegen")
                && first.ends_with("Do not edit."),
            "{name}: {first}"
        );
    }
}

#[test]
fn nothing_of_the_machine_it_was_made_on() {
    let places = ["/ro\u{6f}t/", "/w\u{6f}rk/", "/h\u{6f}me/", "/tmp/w\u{74}"];
    let mut wrong = Vec::new();
    for below in [
        "src",
        "tests",
        "docs",
        "benches",
        "xtask",
        "profiles",
        ".ci",
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Cargo.toml",
    ] {
        for (name, text) in files(below) {
            for (at, line) in text.lines().enumerate() {
                if places.iter().any(|place| line.contains(place)) {
                    wrong.push(format!("{name}:{}: {}", at + 1, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
