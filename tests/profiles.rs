//! The profiles in profiles/ are what `callsieve generate` makes of the sample traces today.
//! `UPDATE_EXPECT=1 cargo test --test profiles` writes them anew.
#![cfg(feature = "cli")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use callsieve::arch::Arch;
use callsieve::profile::diff::Difference;
use callsieve::profile::docker_default::{DockerRelease, docker_default};
use callsieve::profile::{Capability, Host, View};
use expect_test::expect_file;
use serde_json::Value;

/// Samples that are incomplete on purpose, so that no profile is made of them, and what
/// `generate` says of each.
const INCOMPLETE: [(&str, &str); 5] = [
    ("attach", "it does not begin with an execve"),
    ("endings", "a seccomp filter killed the program"),
    (
        "musl",
        "processes or threads that it started were not traced",
    ),
    (
        "table",
        "a table of counts misses the calls that never return",
    ),
    (
        "table-i386",
        "a table of counts misses the calls that never return",
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cases() -> Vec<String> {
    let mut cases: Vec<String> = fs::read_dir(root().join("sample-traces"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("expected-names.txt").exists())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    cases.sort();
    cases
}

fn files(case: &str) -> Vec<PathBuf> {
    let folder = root().join("sample-traces").join(case);
    let set = folder.join("trace");
    let folder = if set.is_dir() { set } else { folder };
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("trace.")
        })
        .collect();
    files.sort();
    files
}

fn generate(case: &str, options: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_callsieve"))
        .arg("generate")
        .args(files(case))
        .args(options)
        .env_clear()
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Names by the strongest reason: observed, floor, always; and those answered ENOSYS.
fn count(reasons: &Value) -> [usize; 4] {
    let mut counts = [0; 4];
    for reasons in reasons["syscalls"].as_object().unwrap().values() {
        let kinds: Vec<&str> = reasons
            .as_array()
            .unwrap()
            .iter()
            .map(|reason| reason["kind"].as_str().unwrap())
            .collect();
        let strongest = ["observed", "runtime-floor"];
        let at = strongest.iter().position(|kind| kinds.contains(kind));
        counts[at.unwrap_or(if kinds.contains(&"enosys") { 3 } else { 2 })] += 1;
    }
    counts
}

/// How many calls Docker's default permits on these architectures of an `x86_64` machine.
fn default_count(arches: &[Arch]) -> usize {
    let default = docker_default(DockerRelease::NEWEST).resolve(&Host {
        native: Arch::X86_64,
        capabilities: Capability::docker_default().collect(),
        kernel: "6.18".parse().unwrap(),
    });
    let difference = Difference::between(&default, &default, &View::docker(Arch::X86_64)).unwrap();
    arches
        .iter()
        .map(|arch| difference.arches[arch].old_permitted)
        .sum()
}

fn names(rule: &Value) -> usize {
    rule["names"].as_array().unwrap().len()
}

#[test]
fn profiles_are_those_of_the_samples() {
    let incomplete = BTreeMap::from(INCOMPLETE);
    let scratch = tempfile::TempDir::new().unwrap();
    let mut table = String::from(
        "| profile | architectures | allowed | observed | runtime floor | always | answered ENOSYS |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut made = Vec::new();
    for case in cases() {
        if let Some(why) = incomplete.get(case.as_str()) {
            let arch: &[&str] = if case == "attach" {
                &["--arch", "x86_64"]
            } else {
                &[]
            };
            let (code, profile, said) = generate(&case, arch);
            assert_eq!((code, profile.as_str()), (Some(3), ""), "{case}: {said}");
            assert!(said.contains(why), "{case}: {said}");
            continue;
        }
        let reasons = scratch.path().join("reasons.json");
        let (code, profile, said) = generate(&case, &["--reasons", reasons.to_str().unwrap()]);
        assert_eq!(code, Some(0), "{case}: {said}");
        let name = format!("{case}.json");
        expect_file![root().join("profiles").join(&name)].assert_eq(&profile);
        made.push(name.clone());

        let reasons = serde_json::from_slice(&fs::read(&reasons).unwrap()).unwrap();
        let [observed, floor, always, enosys] = count(&reasons);
        let profile: Value = serde_json::from_str(&profile).unwrap();
        let allowed = observed + floor + always;
        // A name with an argument rule may be in several rules.
        let in_rules: usize = profile["syscalls"]
            .as_array()
            .unwrap()
            .iter()
            .map(names)
            .sum();
        assert!(in_rules >= allowed + enosys, "{case}");
        let arches: Vec<&str> = profile["architectures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|arch| arch.as_str().unwrap().trim_start_matches("SCMP_ARCH_"))
            .collect();
        let arches = arches.join(", ").to_ascii_lowercase();
        writeln!(
            table,
            "| [{case}]({name}) | {arches} | {allowed} | {observed} | {floor} | {always} | {enosys} |"
        )
        .unwrap();
    }
    writeln!(
        table,
        "| Docker's default {}, for comparison | x86_64 | {} | | | | |",
        DockerRelease::NEWEST,
        default_count(&[Arch::X86_64])
    )
    .unwrap();
    let mut there: Vec<String> = fs::read_dir(root().join("profiles"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    there.sort();
    made.sort();
    assert_eq!(there, made, "profiles of samples that are no longer there");

    let readme = fs::read_to_string(root().join("profiles/README.md")).unwrap();
    let (before, rest) = readme.split_once("<!-- table -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end of table -->").unwrap();
    expect_file![root().join("profiles/README.md")].assert_eq(&format!(
        "{before}<!-- table -->\n{table}<!-- end of table -->{after}"
    ));
}
