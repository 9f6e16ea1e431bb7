//! The strace of this machine, with every option that changes how a line looks: the calls that
//! are found stay the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

#[path = "../common/mod.rs"]
mod common;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use callsieve::arch::Arch;
use callsieve::event::Skip;
use callsieve::ingest::{Source, read_strace};
use callsieve::recording::{Recording, RunBuilder};
use common::require;

/// Whether a program runs and succeeds.
fn runs(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Options that change what a line looks like and leave no call out.
const OPTIONS: &[&str] = &[
    "",
    "-t",
    "-tt",
    "-ttt",
    "-r",
    "-tt -r",
    "--absolute-timestamps=format:unix,precision:ns",
    "--absolute-timestamps=precision:ms --relative-timestamps=ns",
    "-T",
    "--syscall-times=ns",
    "-y",
    "-yy",
    "-i",
    "-n",
    "-n -i",
    "-Y",
    "-x",
    "-xx",
    "-s 0",
    "-s 4096",
    "-v",
    "-v -s 4096 -xx -yy",
    "-X raw",
    "-X verbose",
    "-a 0",
    "-a 100",
    "-e raw=all",
    "-e abbrev=none",
    "-e read=all -e write=all",
    "-q",
    "-qq",
    "-qqq",
    "-C",
    "-C -U name,calls,errors",
    "-Y -tt -r -n -i -T -yy -v",
    "-Y -ttt -T -n -xx",
    "-r -n -i -y -a 0",
    "-t -T -s 3 -X verbose -qq",
];

/// How processes are followed and where the log goes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// `-f -o FILE`
    File,
    /// `-ff -o FILE`: a file for each process.
    Set,
    /// `-f` to standard error, where the program writes too.
    Terminal,
    /// `-o FILE`, of the first process alone.
    Alone,
}

struct Guest {
    folder: tempfile::TempDir,
    program: PathBuf,
}

impl Guest {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("guest");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/strace_options/guest.c");
        let status = Command::new("gcc")
            .args(["-O1", "-pthread", "-o"])
            .args([&program, &source])
            .status()
            .unwrap();
        assert!(status.success(), "the guest does not compile");
        Self { folder, program }
    }

    /// The names of the calls found in a log taken so, and how many lines were not understood.
    fn names(&self, way: Way, options: &str) -> (BTreeSet<String>, u64) {
        let out = tempfile::tempdir_in(self.folder.path()).unwrap();
        let log = out.path().join("log");
        let mut command = Command::new("timeout");
        command
            .args(["60", "strace"])
            .args(options.split_whitespace());
        match way {
            Way::File => command.arg("-f").arg("-o").arg(&log),
            Way::Set => command.arg("-ff").arg("-o").arg(&log),
            Way::Terminal => command.arg("-f"),
            Way::Alone => command.arg("-o").arg(&log),
        };
        command.arg(&self.program).stdout(Stdio::null());
        command.stderr(if way == Way::Terminal {
            Stdio::from(File::create(&log).unwrap())
        } else {
            Stdio::null()
        });
        let status = command.status().unwrap();
        assert!(status.success(), "strace {options} ends with {status}");
        let mut files: Vec<(Option<u32>, PathBuf)> = fs::read_dir(out.path())
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let pid = path
                    .extension()
                    .map(|pid| pid.to_str().unwrap().parse().unwrap());
                (pid, path)
            })
            .collect();
        files.sort();
        found(&files, options)
    }
}

fn found(files: &[(Option<u32>, PathBuf)], options: &str) -> (BTreeSet<String>, u64) {
    let mut run = RunBuilder::new("strace", vec!["log".to_owned()]);
    let sources = files.iter().map(|(pid, path)| Source {
        name: "log".to_owned(),
        pid: *pid,
        reader: Box::new(File::open(path).unwrap()),
    });
    let told = std::env::consts::ARCH.parse::<Arch>().ok();
    let tally = read_strace(sources, told, &mut run, &mut |_| ())
        .unwrap_or_else(|error| panic!("strace {options}: {error}"));
    let strange = tally.skipped(Skip::NotUnderstood);
    let recording = Recording::of(run.finish(tally));
    let names = recording
        .totals()
        .into_iter()
        .flat_map(|(arch, calls)| calls.into_keys().map(move |call| format!("{arch} {call}")))
        .collect();
    (names, strange)
}

#[test]
fn no_option_changes_the_calls() {
    let traces = require(
        "strace",
        runs("strace", &["--version"]),
        "strace does not run",
    ) && require(
        "ptrace",
        runs("strace", &["-o", "/dev/null", "true"]),
        "strace may not trace",
    );
    if !traces || !require("gcc", runs("gcc", &["--version"]), "gcc does not run") {
        return;
    }
    let guest = Guest::new();
    let (whole, _) = guest.names(Way::File, "");
    let (alone, _) = guest.names(Way::Alone, "");
    assert!(whole.len() > 25 && alone.is_subset(&whole), "{whole:?}");
    let mut wrong = Vec::new();
    let mut looked_at = 0;
    for way in [Way::File, Way::Set, Way::Terminal, Way::Alone] {
        let expected = if way == Way::Alone { &alone } else { &whole };
        for (nth, options) in OPTIONS.iter().enumerate() {
            // What one process prints is what each of a set prints; a part of them will do.
            if way == Way::Alone && nth % 3 != 0 {
                continue;
            }
            // These do not go together with files for each process.
            if way == Way::Set && options.contains("-C") {
                continue;
            }
            let (names, strange) = guest.names(way, options);
            looked_at += 1;
            if names != *expected {
                let missing: Vec<_> = expected.difference(&names).collect();
                let more: Vec<_> = names.difference(expected).collect();
                wrong.push(format!(
                    "{way:?} {options}: missing {missing:?}, more {more:?}"
                ));
            }
            // On a terminal the program's own output stands between the lines.
            if strange > 0 && way != Way::Terminal {
                wrong.push(format!("{way:?} {options}: {strange} lines not understood"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(looked_at >= 60);
}
