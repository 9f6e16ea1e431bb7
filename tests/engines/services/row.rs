//! docs/profiles-tested.md: what was found, a row a program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use callsieve::arch::Arch;
use callsieve::profile::{Action, Capability, DockerRelease, Host, KernelVersion, docker_default};

use super::trial::json;

const HEAD: &str = "\
# Profiles that were tried

Made by `UPDATE_EXPECT=1 cargo test --test engines services`, on Debian 12 with its docker.io 20.10.24 (runc 1.1.5), Podman 4.3.1,
runc 1.1.5 and crun 1.8.1, and compared at each further run.

Each program is recorded three times as root and three times as user 1000, in a container without a filter, under a load: requests of
several clients at once, files, a fork, threads, garbage collections, SQL; then SIGTERM. A profile is generated of the recordings of
the user for the runtime of the lane, proven to permit at most what Docker's default does (`callsieve check --at-most docker-default`),
and the program is started under it ten times in each lane: `docker run` as root, with `--user 1000:1000` and with
`no-new-privileges`, `runc`, `crun` and `podman run`. A start counts if the same load passes and SIGTERM ends the container with the
status that it has without a profile.

**recorded**: calls of one recording at least, and of all together, as root / as the user. The other columns are calls that the profile
of the lane allows, and in brackets how many of these it allows for the runtime alone. The rest is what was recorded and what every program needs
(docs/runtime-floor.md, `generate --reasons`). **Docker's default** is what the latest one allows natively on x86_64 with Docker's
capabilities, where need be depending on arguments.

Whether anybody has to wait, yield or grow its memory depends on which thread is faster, so counts differ by a few from run to run; the
test takes up to three more or less for equal.

| program | recorded | docker, runc | docker --user | docker no-new-privileges | crun, podman | Docker's default | starts |
| --- | --- | --- | --- | --- | --- | --- | --- |
";

/// By how much a number may differ from that in the table.
const LUCK: usize = 3;

/// The numbers of one profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    /// Names that the profile allows.
    pub(super) allowed: usize,
    /// Those of them that it allows for the runtime alone.
    pub(super) floor: usize,
}

/// The numbers of the recordings as one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Recorded {
    /// Calls of the recording that has the fewest.
    pub(super) least: usize,
    /// Calls of all together.
    pub(super) all: usize,
}

/// What was found of a program.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) program: &'static str,
    /// As root and as another user.
    pub(super) recorded: [Recorded; 2],
    /// By purpose.
    pub(super) counts: [Counts; 4],
    pub(super) starts: u32,
}

/// The names that a profile allows, whatever it asks of their arguments.
pub(super) fn allowed(profile: &Path) -> BTreeSet<String> {
    let profile = json(profile);
    let rules = profile["syscalls"].as_array().unwrap();
    let allowing = rules
        .iter()
        .filter(|rule| rule["action"] == "SCMP_ACT_ALLOW");
    let names = allowing.flat_map(|rule| rule["names"].as_array().unwrap());
    names
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

impl Counts {
    pub(super) fn of(profile: &Path, reasons: &Path) -> Self {
        let (allowed, reasons) = (allowed(profile), json(reasons));
        let only_floor = |name: &&String| {
            let reasons = reasons["syscalls"][name.as_str()].as_array().unwrap();
            reasons
                .iter()
                .all(|reason| reason["kind"] == "runtime-floor")
        };
        Self {
            floor: allowed.iter().filter(only_floor).count(),
            allowed: allowed.len(),
        }
    }
}

/// How many calls Docker's default allows here.
fn docker_allows() -> usize {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut parts = release.split(['.', '-']);
    let mut number = || parts.next().unwrap().parse().unwrap();
    let host = Host {
        native: Arch::X86_64,
        capabilities: Capability::docker_default().collect(),
        kernel: KernelVersion {
            major: number(),
            minor: number(),
        },
    };
    let profile = docker_default(DockerRelease::NEWEST).resolve(&host);
    let allowing = profile
        .rules
        .iter()
        .filter(|rule| rule.action == Action::Allow);
    let names: BTreeSet<_> = allowing.flat_map(|rule| &rule.names).collect();
    let table = callsieve::syscalls::table(Arch::X86_64);
    let native = names
        .iter()
        .filter(|name| table.number(name.as_str()).is_some());
    native.count()
}

impl Row {
    fn line(&self) -> String {
        let recorded = self.recorded.map(|it| {
            if it.least == it.all {
                it.all.to_string()
            } else {
                format!("{}–{}", it.least, it.all)
            }
        });
        let counts = self
            .counts
            .map(|it| format!("{} ({})", it.allowed, it.floor));
        format!(
            "| {} | {} | {} | {} | {} of {} |",
            self.program,
            recorded.join(" / "),
            counts.join(" | "),
            docker_allows(),
            self.starts,
            self.starts
        )
    }
}

/// The numbers of a line, a range as its two ends.
fn numbers(line: &str) -> Vec<usize> {
    // A single number of recorded calls is a range as well.
    let (_, cells) = line.trim_start_matches('|').split_once('|').unwrap();
    let (recorded, rest) = cells.split_once('|').unwrap();
    let ends = recorded.split(" / ").flat_map(|range| {
        let range = range.trim();
        let (first, last) = range.split_once('–').unwrap_or((range, range));
        [first, last]
    });
    let others = rest.split(|c: char| !c.is_ascii_digit());
    let all = ends.chain(others.filter(|text| !text.is_empty()));
    all.map(|text| text.parse().unwrap()).collect()
}

/// Compares a row with the table, or puts it there if `UPDATE_EXPECT` is set.
#[track_caller]
pub(super) fn compare(row: &Row) {
    static FILE: Mutex<()> = Mutex::new(());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/profiles-tested.md");
    let _one_at_a_time = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let text = fs::read_to_string(&path).unwrap_or_default();
    let start = format!("| {} |", row.program);
    let new = row.line();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let rows = text.lines().filter(|line| line.starts_with("| "));
        let rows = rows.filter(|line| !line.starts_with("| program") && !line.starts_with("| ---"));
        let name = |line: &str| line.split(" | ").next().unwrap_or_default().to_lowercase();
        let mut rows: BTreeMap<String, String> =
            rows.map(|line| (name(line), line.to_owned())).collect();
        rows.insert(name(&new), new);
        let rows: Vec<&str> = rows.values().map(String::as_str).collect();
        fs::write(&path, format!("{HEAD}{}\n", rows.join("\n"))).unwrap();
        return;
    }
    let advice = "UPDATE_EXPECT=1 writes docs/profiles-tested.md anew";
    assert!(text.starts_with(HEAD), "{advice}");
    let old = text.lines().find(|line| line.starts_with(&start));
    let old = old.unwrap_or_else(|| panic!("no row of {}: {advice}", row.program));
    let (was, is) = (numbers(old), numbers(&new));
    let near = |(was, is): (&usize, &usize)| was.abs_diff(*is) <= LUCK;
    assert!(
        was.len() == is.len() && was.iter().zip(&is).all(near),
        "not as in the table: {advice}\n  {old}\n  {new}"
    );
}
