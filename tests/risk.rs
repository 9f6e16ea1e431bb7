//! docs/risk.md is the table of calls, and what the table takes from others is what they say.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::process::Command;

use callsieve::syscalls::Group;
use callsieve::syscalls::about::{About, Risk, Source, all};
use expect_test::expect_file;

const HEAD: &str = "\
# What each system call does, and how risky it is

Made of the tables in src/syscalls/about/ by `UPDATE_EXPECT=1 cargo test --test risk`. `callsieve explain NAME` prints a call's line;
`diff`, `check`, `lint` and `generate` name class and reason of what they point at.

The class says how much harm a program can do with the call once something has taken it over, in a container with default
capabilities. It is a judgement about the call as a whole: what it needs besides, a capability or an argument, is in the reason.
It is made to order a list for a reader, and decides nothing.

";

const REST: &str = "
Each line names what it rests on:

- **docker**: Docker's documentation lists the call among the significant ones that its default blocks (docker/docs,
  content/manuals/engine/security/seccomp.md).
- **@name**: a set of systemd 252 (`systemd-analyze syscall-filter @name`).
- **CVE-...**: a hole in Linux or a container runtime that was reached through the call. Some are old; what was wide enough for one
  hole often has another.
- **man**: the manual page (man-pages 6.03) tells what the call does and asks for; the class is our own judgement.
- **kernel**: the same, by the kernel's source, where man-pages 6.03 has no page.

*Since* is the first release of Linux that had the call on any architecture, by syscalls(2) of man-pages 6.03 and, for younger ones,
the kernel's tables. `-` are numbers that are only reserved. `callsieve explain` also says since when an architecture has it, as far
as is known: no call is older than its port, and some came later (src/syscalls/about/later.txt). A port that followed without a note
there is said to have it from the first release on.
";

fn word(source: &Source) -> String {
    match source {
        Source::Docker => "docker".to_owned(),
        Source::Systemd(group) => (*group).to_owned(),
        Source::Cve(number) => (*number).to_owned(),
        Source::Manual => "man".to_owned(),
        Source::Kernel => "kernel".to_owned(),
    }
}

fn line(about: &About) -> String {
    let since = about
        .since
        .map_or("-".to_owned(), |since| since.to_string());
    let sources: Vec<String> = about.sources.iter().map(word).collect();
    format!(
        "| `{}` | {since} | {} | {} | {} | {} |\n",
        about.name,
        about.risk.class(),
        about.what,
        about.why,
        sources.join(" ")
    )
}

#[test]
fn docs_have_every_call() {
    let mut text = HEAD.to_owned();
    text.push_str("| class | name | what is in it | calls |\n| --- | --- | --- | --- |\n");
    for risk in Risk::ALL {
        let count = all().values().filter(|about| about.risk == risk).count();
        writeln!(
            text,
            "| {} | {} | {} | {count} |",
            risk.class(),
            risk.name(),
            risk.meaning()
        )
        .unwrap();
    }
    text.push_str(REST);
    for group in Group::ALL {
        write!(
            text,
            "\n## {group}\n\n| call | since | class | what it does | why | sources |\n\
             | --- | --- | --- | --- | --- | --- |\n"
        )
        .unwrap();
        let calls = all().values().filter(|about| about.group == group);
        text.extend(calls.map(line));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/risk.md");
    expect_file![path].assert_eq(&text);
}

/// The sets of systemd 252, as its own tool prints them.
#[test]
fn sets_are_those_of_systemd() {
    let Ok(output) = Command::new("systemd-analyze").arg("--version").output() else {
        common::require("systemd-252", false, "systemd-analyze is not there");
        return;
    };
    let version = String::from_utf8_lossy(&output.stdout).into_owned();
    if !version.starts_with("systemd 252") {
        common::require("systemd-252", false, "this is another systemd");
        return;
    }
    let output = Command::new("systemd-analyze")
        .args(["syscall-filter", "--no-pager"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut sets: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut set = "";
    for line in text.lines() {
        if line.starts_with('@') {
            set = line;
        } else if let Some(name) = line.strip_prefix("    ") {
            sets.entry(set).or_default().insert(name);
        }
    }
    assert!(sets.len() > 20, "{text}");
    let mut checked = 0;
    for about in all().values() {
        for source in &about.sources {
            if let Source::Systemd(group) = source {
                assert!(sets[group].contains(about.name), "{} {group}", about.name);
                checked += 1;
            }
        }
    }
    assert!(checked > 300, "{checked}");
}

/// The releases of syscalls(2), but for those that other pages put right.
#[test]
fn releases_are_those_of_the_manual() {
    /// membarrier(2), `pkey_alloc(2)`; fractions of a release that say nothing to a reader.
    const RIGHTED: [&str; 6] = [
        "membarrier",
        "pkey_alloc",
        "pkey_free",
        "pkey_mprotect",
        "usr26",
        "usr32",
    ];
    let Ok(file) = File::open("/usr/share/man/man2/syscalls.2.gz") else {
        common::require("manpages", false, "there is no syscalls(2)");
        return;
    };
    let mut reader = callsieve::ingest::decompressed(file).unwrap();
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut reader, &mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let mut checked = 0;
    for line in text.lines() {
        // `\fBaccept4\fP(2)\t2.6.28\t`
        let Some((name, rest)) = line
            .strip_prefix("\\fB")
            .and_then(|line| line.split_once("\\fP(2)"))
        else {
            continue;
        };
        // `2.6; 2.4.18`: both lines of releases had it, and the older one is told.
        let release = rest.split('\t').nth(1).unwrap_or_default();
        let numbers = |release: &&str| -> Vec<u32> {
            release
                .split('.')
                .filter_map(|part| part.parse().ok())
                .collect()
        };
        let release = release.split("; ").min_by_key(numbers).unwrap_or_default();
        let release = release
            .strip_suffix(".0")
            .filter(|it| it.contains('.'))
            .unwrap_or(release);
        let Some(about) = all().get(name).filter(|_| !release.is_empty()) else {
            continue;
        };
        if RIGHTED.contains(&name) {
            continue;
        }
        let since = about.since.map(|since| since.to_string());
        assert_eq!(since.as_deref(), Some(release), "{name}");
        checked += 1;
    }
    assert!(checked > 350, "{checked}");
}
