//! What a container that was recorded tells, and what to do next.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use callsieve::event::{Remark, Skip};
use callsieve::recording::{Recording, Run};

use super::recorded::{docker, duration, last_new, list, lost, refused, word};
use super::screen::processes;
use super::wrap::Page;
use super::{counted, safe, shell};
use crate::cli::output;

/// What a container's calls were answered by while it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confined {
    /// The profile that its user named, or none as it was privileged.
    AsTold,
    /// The recorder, as the engine's default would.
    AsByDefault,
    /// The kernel alone.
    Not,
}

/// A container that was recorded.
#[derive(Debug)]
pub(crate) struct Contained<'a> {
    /// What it is called.
    pub(crate) name: &'a str,
    /// How it ended.
    pub(crate) status: i64,
    /// The kernel killed it for want of memory.
    pub(crate) out_of_memory: bool,
    /// The engine.
    pub(crate) engine: &'a str,
    /// What its calls were answered by.
    pub(crate) confined: Confined,
    /// Its runs, of the program and of probes.
    pub(crate) recording: &'a Recording,
    /// Each probe, how often it was run, and failed.
    pub(crate) tries: &'a [(String, u64, u64)],
    /// Where the recording was written.
    pub(crate) path: &'a Path,
}

/// What to tell, on standard error.
pub(crate) fn summary(told: &Contained<'_>, page: Page) -> String {
    let runs = || told.recording.runs().map(|(_, run)| run);
    let mut rows: Vec<String> = Vec::new();
    let mut row = |name: &str, what: &str| rows.push(page.row(name, what));
    match (told.out_of_memory, told.status) {
        (true, status) => row("ended", &format!("out of memory, with status {status}")),
        (false, 0) => {}
        (false, status) => row("ended", &format!("with status {status}")),
    }
    for run in runs().filter(|run| !is_probe(run)) {
        docker(run, &mut row);
        if let Some(under) = run.capture.as_ref().and_then(|it| it.under.as_ref()) {
            row("refused", &refused(under));
        }
        if let Some((call, at)) = last_new(run) {
            let before = Duration::from_millis(milliseconds(run)).saturating_sub(at);
            row(
                "last new",
                &format!("{call}, {} before the end", duration(before)),
            );
        }
    }
    for (probe, runs, failures) in told.tries {
        let failed = match failures {
            0 => String::new(),
            failures => format!(", failed {}", counted(*failures, "times")),
        };
        row(
            "probe",
            &format!("{}: {}{failed}", safe(probe), counted(*runs, "runs")),
        );
    }
    let mut remarks: BTreeMap<Remark, BTreeSet<&str>> = BTreeMap::new();
    for (remark, programs) in runs()
        .filter_map(|run| run.capture.as_ref())
        .flat_map(|it| &it.remarks)
    {
        remarks
            .entry(*remark)
            .or_default()
            .extend(programs.iter().map(String::as_str));
    }
    for (remark, programs) in remarks {
        row(word(remark), &list(programs.into_iter()));
    }
    row(
        "seccomp",
        &match told.confined {
            Confined::AsTold => "as the command line said".to_owned(),
            Confined::AsByDefault => format!("as {} has it by default", told.engine),
            Confined::Not => "unconfined while it was recorded".to_owned(),
        },
    );
    row(
        "not recorded",
        &format!(
            "what others ran with `{} exec`: a profile will confine it too",
            told.engine
        ),
    );
    let mut text = page.wrapped(&head(told)) + &rows.concat();
    text.push_str(&closing(told));
    text
}

/// The line that says everything if one is read.
fn head(told: &Contained<'_>) -> String {
    let totals = told.recording.totals();
    let kinds: usize = totals.values().map(BTreeMap::len).sum();
    let calls = totals
        .values()
        .flat_map(BTreeMap::values)
        .map(|it| it.calls)
        .sum();
    let runs = || told.recording.runs().map(|(_, run)| run);
    let longest = runs().map(milliseconds).max().unwrap_or_default();
    let met = runs()
        .flat_map(|run| run.executables.values())
        .map(|it| it.processes)
        .sum();
    format!(
        "Recorded {} for {}: {}, {}, {}, {}.\n",
        safe(told.name),
        duration(Duration::from_millis(longest)),
        counted(u64::try_from(kinds).unwrap_or(u64::MAX), "syscalls"),
        processes(met),
        counted(calls, "calls"),
        lost(runs().map(|run| run.tally.skipped(Skip::Lost)).sum()),
    )
}

/// Where it is, and the command to type next: what is incomplete makes no profile unasked.
fn closing(told: &Contained<'_>) -> String {
    if output::is_stdout(Some(told.path)) {
        return String::new();
    }
    let (path, from) = (
        safe(&told.path.display().to_string()),
        shell::path(told.path),
    );
    let next = if told.recording.gaps().next().is_some() {
        format!("callsieve list {from}")
    } else {
        let to = shell::file(told.name, ".json");
        format!("callsieve generate {from} --exec -o {to}")
    };
    format!("Wrote {path}\n\nNext: {next}\n")
}

fn milliseconds(run: &Run) -> u64 {
    run.capture
        .as_ref()
        .map_or(0, |capture| capture.milliseconds)
}

fn is_probe(run: &Run) -> bool {
    run.capture
        .as_ref()
        .is_some_and(|it| it.labels.contains_key("probe"))
}

#[cfg(test)]
mod tests {
    use callsieve::arch::Arch;
    use callsieve::event::{
        CallId, Capture, Image, Outcome, Place, Sighting, Sink as _, Tally, UnderProfile,
    };
    use callsieve::recording::RunBuilder;
    use callsieve::syscalls::SyscallName;
    use expect_test::expect;

    use super::*;

    fn run(calls: &[(&str, u64, u64)], labels: &[(&str, &str)]) -> Run {
        let labels = labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let capture = Capture {
            backend: "ptrace+seccomp".to_owned(),
            results: true,
            milliseconds: 134_000,
            labels: labels.collect(),
            remarks: BTreeMap::from([(
                Remark::OwnFilter,
                BTreeSet::from(["/usr/bin/evil\u{1b}[31m".to_owned()]),
            )]),
            under: Some(UnderProfile {
                profile: "docker-default".to_owned(),
                enforced: true,
                denials: Vec::new(),
                dropped: 0,
            }),
            ..Capture::default()
        };
        let sighting = |(name, calls, at): &(&str, u64, u64)| Sighting {
            arch: Arch::X86_64,
            call: CallId::Name(SyscallName::new(name).unwrap()),
            either: false,
            calls: *calls,
            outcomes: BTreeMap::from([(Outcome::Success, *calls)]),
            args: BTreeMap::new(),
            first: Place {
                file: "web".to_owned(),
                line: *at,
            },
            since_start: Some(Duration::from_millis(*at)),
        };
        let image = Image {
            executable: Some("/usr/sbin/nginx".to_owned()),
            pid: Some(1),
            processes: 5,
            names: BTreeSet::new(),
            ends: BTreeMap::new(),
            started_by: BTreeMap::new(),
        };
        let mut builder = RunBuilder::new("callsieve", vec!["web".to_owned()]).captured(capture);
        builder.image(&image, calls.iter().map(sighting).collect());
        let calls = calls.iter().map(|(_, calls, _)| calls).sum();
        builder.finish(Tally {
            calls,
            ..Tally::default()
        })
    }

    #[test]
    fn the_whole_screen() {
        let mut recording = Recording::of(run(
            &[
                ("openat", 1_661_000, 5),
                ("sendfile", 204, 103_000),
                ("keyctl", 1, 7),
            ],
            &[],
        ));
        recording.merge(Recording::of(run(
            &[("connect", 3, 1)],
            &[("probe", "wget")],
        )));
        let text = summary(
            &Contained {
                name: "web\u{1b}[2J",
                status: 137,
                out_of_memory: true,
                engine: "docker",
                confined: Confined::AsByDefault,
                recording: &recording,
                tries: &[("wget -q -O- http://127.0.0.1:8080/".to_owned(), 12, 1)],
                path: Path::new("web.rec.json"),
            },
            Page {
                width: 80,
                verbose: false,
            },
        );
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        expect![[r#"
            Recorded web\u{1b}[2J for 2 min 14 s: 4 syscalls, 10 processes, 1 661 208 calls,
              none lost.
              ended           out of memory, with status 137
              Docker default  2 inside, 1 outside (keyctl)
              refused         none
              last new        sendfile, 31 s before the end
              probe           wget -q -O- http://127.0.0.1:8080/: 12 runs, failed 1 time
              own filter      /usr/bin/evil\u{1b}[31m
              seccomp         as docker has it by default
              not recorded    what others ran with `docker exec`: a profile will confine it
                              too
            Wrote web.rec.json

            Next: callsieve generate web.rec.json --exec -o 'web_[2J.json'
        "#]]
        .assert_eq(&text);
    }
}
