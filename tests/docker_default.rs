//! Docker's default profile against the files that moby publishes, resolved here a second time
//! over bare JSON.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use callsieve::arch::Arch;
use callsieve::profile::{
    Action, Capability, Condition, DockerRelease, Host, KernelVersion, Profile, Test,
    docker_default,
};
use common::shared_data;
use serde_json::Value;

/// What a call gets, in the words of the file: action, number, arguments.
type Answer = (String, Option<u64>, Vec<(u64, String, u64, u64)>);

/// What a resolved profile means: for each call the answers in their order.
#[derive(Debug, PartialEq)]
struct Meaning {
    default: (String, u64),
    architectures: Vec<String>,
    calls: BTreeMap<String, Vec<Answer>>,
}

/// `GOARCH`, and for each the `goToNative` and `nativeToSeccomp` of `seccomp_linux.go`, as Go
/// would look them up ("" where there is nothing).
const GO: [(&str, &str, &str); 17] = [
    ("386", "x86", "SCMP_ARCH_X86"),
    ("amd64", "amd64", "SCMP_ARCH_X86_64"),
    ("arm", "arm", "SCMP_ARCH_ARM"),
    ("arm64", "arm64", "SCMP_ARCH_AARCH64"),
    ("loong64", "loongarch64", ""),
    ("mips", "", ""),
    ("mips64", "mips64", "SCMP_ARCH_MIPS64"),
    ("mips64p32", "mips64n32", "SCMP_ARCH_MIPS64N32"),
    ("mips64le", "mipsel64", "SCMP_ARCH_MIPSEL64"),
    ("mips64p32le", "mips3l64n32", "SCMP_ARCH_MIPSEL64N32"),
    ("mipsle", "mipsel", ""),
    ("ppc", "ppc", "SCMP_ARCH_PPC"),
    ("ppc64", "ppc64", "SCMP_ARCH_PPC64"),
    ("ppc64le", "ppc64le", "SCMP_ARCH_PPC64LE"),
    ("riscv64", "riscv64", "SCMP_ARCH_RISCV64"),
    ("s390", "s390", "SCMP_ARCH_S390"),
    ("s390x", "s390x", "SCMP_ARCH_S390X"),
];

/// The first releases with riscv64 in both tables (moby/moby#48455 and its backports), and the
/// releases at which a line without it begins.
const RISCV64: [(&str, bool); 6] = [
    ("23.0.16", true),
    ("24.0.0", false),
    ("25.0.7", true),
    ("26.0.0", false),
    ("27.3.0", true),
    ("28.0.0", true),
];

/// One `GOARCH` as the daemon of a release sees itself.
fn daemon(goarch: &str, release: &str) -> (&'static str, &'static str) {
    let (_, native, seccomp) = GO.into_iter().find(|row| row.0 == goarch).unwrap();
    let known = RISCV64
        .into_iter()
        .take_while(|(from, _)| version(from) <= version(release))
        .last()
        .is_some_and(|(_, known)| known);
    if goarch == "riscv64" && !known {
        ("", "")
    } else {
        (native, seccomp)
    }
}

fn version(text: &str) -> Vec<u32> {
    text.split('.').map(|part| part.parse().unwrap()).collect()
}

/// The list of strings at `pointer`, empty where there is none.
fn strings(value: &Value, pointer: &str) -> Vec<String> {
    match value.pointer(pointer) {
        None | Some(Value::Null) => Vec::new(),
        Some(list) => {
            let list = list.as_array().unwrap().iter();
            list.map(|item| item.as_str().unwrap().to_owned()).collect()
        }
    }
}

/// `setupSeccomp` of `seccomp_linux.go`, over bare JSON.
fn resolve(
    file: &Value,
    (native, seccomp): (&str, &str),
    caps: &BTreeSet<String>,
    kernel: (u32, u32),
) -> Meaning {
    let mut architectures = Vec::new();
    for row in file["archMap"].as_array().unwrap() {
        if row["architecture"] == seccomp {
            architectures.push(seccomp.to_owned());
            architectures.extend(strings(row, "/subArchitectures"));
        }
    }
    let at_least = |rule: &Value, pointer: &str| {
        rule.pointer(pointer).map(|min| {
            let min = version(min.as_str().unwrap());
            vec![kernel.0, kernel.1] >= min
        })
    };
    let mut calls: BTreeMap<String, Vec<Answer>> = BTreeMap::new();
    for rule in file["syscalls"].as_array().unwrap() {
        let arches = strings(rule, "/includes/arches");
        let here = |list: &[String]| list.iter().any(|arch| arch == native);
        let applies = !here(&strings(rule, "/excludes/arches"))
            && !strings(rule, "/excludes/caps")
                .iter()
                .any(|cap| caps.contains(cap))
            && at_least(rule, "/excludes/minKernel") != Some(true)
            && (arches.is_empty() || here(&arches))
            && strings(rule, "/includes/caps")
                .iter()
                .all(|cap| caps.contains(cap))
            && at_least(rule, "/includes/minKernel") != Some(false);
        if !applies {
            continue;
        }
        let args = rule.get("args").and_then(Value::as_array);
        let args = args.into_iter().flatten().map(|arg| {
            let number = |key: &str| arg.get(key).map_or(0, |value| value.as_u64().unwrap());
            let op = arg["op"].as_str().unwrap().to_owned();
            (number("index"), op, number("value"), number("valueTwo"))
        });
        let answer = (
            rule["action"].as_str().unwrap().to_owned(),
            rule.get("errnoRet").and_then(Value::as_u64),
            args.collect(),
        );
        for name in strings(rule, "/names") {
            calls.entry(name).or_default().push(answer.clone());
        }
    }
    Meaning {
        default: (
            file["defaultAction"].as_str().unwrap().to_owned(),
            // EPERM where nothing is said (runc, libcontainer/specconv/spec_linux.go).
            file.get("defaultErrnoRet")
                .map_or(1, |n| n.as_u64().unwrap()),
        ),
        architectures,
        calls,
    }
}

/// The same of our own.
fn meaning(profile: &Profile) -> Meaning {
    let number = |action: Action| {
        if let Action::Errno(number) = action {
            Some(u64::from(number))
        } else {
            None
        }
    };
    let argument = |condition: &Condition| {
        let (op, value, two) = match condition.test {
            Test::NotEqual(value) => ("SCMP_CMP_NE", value, 0),
            Test::Less(value) => ("SCMP_CMP_LT", value, 0),
            Test::LessOrEqual(value) => ("SCMP_CMP_LE", value, 0),
            Test::Equal(value) => ("SCMP_CMP_EQ", value, 0),
            Test::GreaterOrEqual(value) => ("SCMP_CMP_GE", value, 0),
            Test::Greater(value) => ("SCMP_CMP_GT", value, 0),
            Test::MaskedEqual { mask, expected } => ("SCMP_CMP_MASKED_EQ", mask, expected),
        };
        (u64::from(condition.arg.get()), op.to_owned(), value, two)
    };
    let mut calls: BTreeMap<String, Vec<Answer>> = BTreeMap::new();
    for rule in &profile.rules {
        let answer = (
            rule.action.scmp_name().to_owned(),
            number(rule.action),
            rule.conditions.iter().map(argument).collect(),
        );
        for name in &rule.names {
            let answers = calls.entry(name.as_str().to_owned()).or_default();
            answers.push(answer.clone());
        }
    }
    let architectures = profile.architectures.iter();
    Meaning {
        default: (
            profile.default_action.scmp_name().to_owned(),
            number(profile.default_action).unwrap(),
        ),
        architectures: architectures
            .map(|arch| arch.scmp_name().to_owned())
            .collect(),
        calls,
    }
}

/// None, Docker's default, all, and each one that a rule of the file asks for.
fn capability_sets(file: &Value) -> BTreeSet<BTreeSet<String>> {
    let mut named = BTreeSet::new();
    for rule in file["syscalls"].as_array().unwrap() {
        named.extend(strings(rule, "/includes/caps"));
        named.extend(strings(rule, "/excludes/caps"));
    }
    assert!(named.len() >= 12, "{named:?}");
    let default = Capability::docker_default().map(|c| c.name().to_owned());
    let all = Capability::all().map(|c| c.name().to_owned());
    let mut sets: BTreeSet<_> = named.into_iter().map(|cap| BTreeSet::from([cap])).collect();
    sets.extend([BTreeSet::new(), default.collect(), all.collect()]);
    sets
}

/// Compares a release with the file of its profile on every kind of host; how many there were.
fn compare(release: DockerRelease, file: &Value, goarches: &[&str]) -> usize {
    let ours = docker_default(release);
    let sets = capability_sets(file);
    let mut hosts = 0;
    for &goarch in goarches {
        let native = Arch::from_name(goarch).unwrap();
        assert_eq!(native.goarch(), Some(goarch));
        for caps in &sets {
            let capabilities = caps.iter().map(|c| Capability::from_name(c).unwrap());
            let capabilities: BTreeSet<_> = capabilities.collect();
            for (major, minor) in [(4, 7), (4, 8), (6, 18)] {
                let host = Host {
                    native,
                    capabilities: capabilities.clone(),
                    kernel: KernelVersion { major, minor },
                };
                let daemon = daemon(goarch, &release.to_string());
                let kernel = (u32::from(major), u32::from(minor));
                assert_eq!(
                    meaning(&ours.resolve(&host)),
                    resolve(file, daemon, caps, kernel),
                    "Docker {release} on {goarch}, Linux {major}.{minor}, with {caps:?}"
                );
                hosts += 1;
            }
        }
    }
    hosts
}

/// The files by the release each is called after.
fn files(folder: &Path) -> BTreeMap<DockerRelease, Value> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let release = path.file_stem().unwrap().to_str().unwrap();
            let text = fs::read(&path).unwrap();
            files.insert(
                release.parse().unwrap(),
                serde_json::from_slice(&text).unwrap(),
            );
        }
    }
    files
}

#[test]
fn every_snapshot_means_what_its_file_means() {
    let Some(folder) = shared_data("docker-default") else {
        return;
    };
    let files = files(&folder);
    assert!(DockerRelease::known_snapshots().eq(files.keys().copied()));
    let goarches = GO.map(|(goarch, ..)| goarch);
    for (release, file) in &files {
        assert!(compare(*release, file, &goarches) > 500, "{release}");
    }
}

/// Some releases between the snapshots, each against the file of the newest snapshot that is not
/// newer: the daemon's own table changed there.
#[test]
fn every_change_of_the_daemon_is_at_its_release() {
    let Some(folder) = shared_data("docker-default") else {
        return;
    };
    let files = files(&folder);
    let releases = [
        "23.0.15", "23.0.16", "24.0.9", "25.0.6", "25.0.7", "26.1.5", "27.2.1", "27.3.0", "28.1.1",
        "29.4.1", "29.7.2",
    ];
    for release in releases {
        let release: DockerRelease = release.parse().unwrap();
        let (_, file) = files.range(..=release).next_back().unwrap();
        assert!(
            compare(release, file, &["amd64", "riscv64"]) > 50,
            "{release}"
        );
    }
}

#[test]
fn the_readme_of_the_data_has_the_same_spans() {
    let Some(readme) = shared_data("docker-default/README.md") else {
        return;
    };
    let text = fs::read_to_string(readme).unwrap();
    let mut spans = Vec::new();
    for row in text.lines().filter(|line| line.contains(".json |")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let span: [DockerRelease; 2] = [cells[2].parse().unwrap(), cells[3].parse().unwrap()];
        spans.push(span);
    }
    assert_eq!(spans.len(), 17);
    for release in DockerRelease::all() {
        // The lines 25.0 to 28.1 are one span in the README, and so are 28.2 to 29.4.1.
        let inside = spans
            .iter()
            .filter(|[first, last]| (first..=last).contains(&&release));
        assert_eq!(inside.count(), 1, "{release}");
    }
}
