//! docs/runtime-floor.md is the table of the runtimes' floors.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;
use std::path::Path;

use callsieve::arch::Arch;
use callsieve::profile::floor::{Evidence, RuntimeFloor, explain, rows, symptoms};
use expect_test::expect_file;
use serde_json::Value;

const HEAD: &str = "\
# What runtimes call before a program starts

Made of the table in src/profile/floor/table.rs by `UPDATE_EXPECT=1 cargo test --test floor`. `callsieve floor list` prints it,
`callsieve generate --runtime-floor` chooses from it (`recorded` takes what recordings of containers tell instead,
[ebpf.md](ebpf.md)), `callsieve floor measure --runtime runc` (as root; crun, docker-init too) measures the
runtime of a machine and says what the table lacks.

A runtime loads the filter and goes on to start the program under it. With no-new-privileges it does so last; without, it has to
drop capabilities and change the user afterwards. Measured on Linux 6.18 x86_64. **required**: nothing starts when the call fails with
EPERM. **observed**: it was seen under a filter that allows all, and a start goes on without it. **flaky**: timing decides whether it
is made, so one start without it proves nothing; profiles always allow it. *tried*: the runtime does without, and no profile allows
it.

Names of other architectures follow from the kernel's tables (a 32-bit runtime calls `fcntl64` as well) and were not measured. A version
that is not in the table gets what all versions of its runtime need.
";

const SYMPTOMS: &str = "
## What engines say when a call is missing

Collected by taking each required call out of a profile that works (tests/engines/refused-starts.json has the whole texts); a start fails
without any of them, with Docker 20.10.24, Podman 4.3.1, runc 1.1.5 and crun 1.8.1. Where timing decides, 100 starts of runc 1.1.5 were made: 17
fail without futex and 8 without rt_sigreturn (20 and 5 with no-new-privileges), none without nanosleep, epoll_ctl or getpid. The words are as the
library compares them: in lower case, in one line, ENOSYS as EPERM.

| words | missing | what the runtime was about | seen with |
| --- | --- | --- | --- |
";

#[test]
fn docs_have_the_table() {
    let mut text = HEAD.to_owned();
    text.push_str("\n| floor | without | with no-new-privileges |\n| --- | --- | --- |\n");
    for word in [
        "runc@1.1",
        "runc@1.5",
        "runc",
        "crun@1.8.1",
        "crun@1.28",
        "crun",
        "runc+crun",
    ] {
        let floor: RuntimeFloor = word.parse().unwrap();
        let count = |no_new_privileges| floor.calls(Arch::X86_64, no_new_privileges).count();
        writeln!(text, "| {word} | {} | {} |", count(false), count(true)).unwrap();
    }
    for row in rows() {
        let privileges = if row.no_new_privileges {
            ", no-new-privileges"
        } else {
            ""
        };
        writeln!(
            text,
            "\n## {} {}: {}{privileges}\n\nMeasured with {}.\n",
            row.runtime,
            row.versions(),
            row.phase,
            row.measured
        )
        .unwrap();
        for (evidence, mark) in [
            (Evidence::Required, "**"),
            (Evidence::Observed, "**"),
            (Evidence::Flaky, "**"),
            (Evidence::Tried, "*"),
        ] {
            let calls = row.calls().filter(|(_, why)| *why == evidence);
            let names: Vec<&str> = calls.map(|(name, _)| name).collect();
            if !names.is_empty() {
                writeln!(text, "- {mark}{evidence}{mark}: {}", names.join(" ")).unwrap();
            }
        }
    }
    text.push_str(SYMPTOMS);
    for symptom in symptoms() {
        let parts: Vec<String> = symptom
            .says
            .iter()
            .map(|part| format!("`{part}`"))
            .collect();
        let status = symptom
            .status
            .map(|status| format!("nothing, status {status}"));
        let says = status.unwrap_or_else(|| parts.join(" … "));
        let vague = if symptom.vague {
            ", or something else"
        } else {
            ""
        };
        let names = match symptom.names {
            [] => "any call".to_owned(),
            names => names.join(" or "),
        };
        let (meaning, seen) = (symptom.meaning, symptom.seen);
        writeln!(text, "| {says} | {names}{vague} | {meaning} | {seen} |").unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/runtime-floor.md");
    expect_file![path].assert_eq(&text);
}

/// What engines were seen to say, each text with the call that was missing.
#[test]
fn what_was_collected_is_explained() {
    let files = [
        include_str!("engines/refused-starts.json"),
        include_str!("engines/refused-otherwise.json"),
    ];
    for file in files {
        let all: Vec<Value> = serde_json::from_str(file).unwrap();
        assert!(all.len() > 10);
        for it in all {
            let says = it["says"].as_array().unwrap().iter();
            let says: Vec<&str> = says.map(|line| line.as_str().unwrap()).collect();
            let status = it["status"].as_i64().unwrap().try_into().unwrap();
            let found = explain(&says.join("\n"), Some(status));
            let missing = it["missing"].as_str().unwrap();
            assert!(
                found.iter().any(|symptom| symptom.names.contains(&missing)),
                "{it} has {found:?}"
            );
            // One or few steps, not a list of guesses.
            assert!(found.len() < 3, "{it} has {found:?}");
        }
    }
}
