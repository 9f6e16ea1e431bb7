//! Guests that run where the tests can't: under kernels that are emulated, or that take no programs
//! from within a PID namespace. `script/sets` has them made here, run there by `sets.sh`, and what
//! came of it compared here, by what their table says of them.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use callsieve::recording::{self, Recording};

use crate::bench::{Bench, Calls, Seen, method_of, strace};
use crate::guest::{Guest, Method};
use crate::guests::all;
use crate::run::Finished;

/// The programs that put a guest into namespaces of its own.
const AROUND: [&str; 2] = ["unshare", "init"];

/// The folder of `script/sets`: `programs` has a folder for each guest, `out` what became of them.
fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os("CALLSIEVE_TEST_SETS").unwrap())
}

/// Those that were asked for by name, or all.
fn asked_for() -> Vec<(&'static str, Guest)> {
    let names = std::env::var("CALLSIEVE_TEST_GUESTS").unwrap_or_default();
    let names: Vec<&str> = names.split_whitespace().collect();
    let mut guests = all();
    for name in &names {
        assert!(guests.iter().any(|(it, _)| it == name), "no guest {name}");
    }
    guests.retain(|(name, guest)| guest.is_roots() && (names.is_empty() || names.contains(name)));
    guests
}

/// Makes them. The words of a command line are one a line in `words`.
#[test]
#[ignore = "for script/sets"]
fn are_made() {
    for (name, guest) in asked_for() {
        let bench = Bench::new().unwrap();
        let words = guest.command(&bench);
        let made = folder().join("programs").join(name);
        fs::create_dir_all(&made).unwrap();
        for entry in fs::read_dir(bench.path("")).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name() != "callsieve" {
                let _size = fs::copy(entry.path(), made.join(entry.file_name())).unwrap();
            }
        }
        let program = Path::new(&words[0]).file_name().unwrap().to_str().unwrap();
        let words = [&[program.to_owned()], &words[1..]].concat();
        fs::write(made.join("words"), words.join("\n") + "\n").unwrap();
    }
}

/// Compares them, and prints a line for each.
#[test]
#[ignore = "for script/sets"]
fn have_the_same_calls() {
    let (mut same, mut wrong, mut unable, mut others) = (0, Vec::new(), Vec::new(), Vec::new());
    for (name, guest) in asked_for() {
        let out = folder().join("out");
        let run = out.join(format!("{name}.strace.status"));
        if !run.exists() {
            others.push(name);
            continue;
        }
        let compared = catch_unwind(AssertUnwindSafe(|| compare(&out, name, &guest)));
        match compared {
            Ok(Some((calls, ways))) => {
                same += 1;
                println!("{name}: {calls} calls, {ways} ways");
            }
            Ok(None) => unable.push(name),
            Err(_) => {
                println!("{name}: NOT THE SAME");
                wrong.push(name);
            }
        }
    }
    println!(
        "the same as strace: {same}; others: {}; can't run there under strace: {}; not tried: {}",
        wrong.join(" "),
        unable.join(" "),
        others.join(" ")
    );
    assert!(wrong.is_empty());
}

/// How many calls strace saw, and in how many ways they were recorded; nothing if the guest can't
/// do there what it does.
fn compare(out: &Path, name: &str, guest: &Guest) -> Option<(usize, usize)> {
    let log = out.join(format!("{name}.strace"));
    let seen = seen(out, &log, &strace(&log), false);
    let mut ways = 0;
    for kind in ["json", "results"] {
        let file = out.join(format!("{name}.{kind}"));
        let Ok(bytes) = fs::read(&file) else { continue };
        let recording = recording::read(&bytes).unwrap();
        let method = if kind == "results" {
            Method::EbpfResults
        } else {
            method_of(&String::from_utf8_lossy(&bytes))
        };
        let recorded = self::seen(out, &file, &recording, true);
        if !guest.runs(&seen) {
            // The time limit of sets.sh, which strace alone may not keep.
            if !matches!(seen.finished.status, Some(124 | 137)) {
                assert_eq!(recorded.finished.status, seen.finished.status, "{name}");
                assert_eq!(recorded.finished.stdout, seen.finished.stdout, "{name}");
            }
            return None;
        }
        guest.compare(&seen, recorded, method);
        ways += 1;
    }
    assert!(ways > 0, "{name} was not recorded");
    Some((seen.calls.len(), ways))
}

/// What is in `FILE`, `FILE.status`, `FILE.1` and `FILE.2`. A recording that was made around what put
/// the guest in its place has that, too: of its calls only the guest's execve counts, as strace has
/// it.
fn seen(out: &Path, file: &Path, recording: &Recording, around: bool) -> Seen {
    let name = file.file_name().unwrap().to_str().unwrap();
    let part = |kind: &str| {
        let bytes = fs::read(out.join(format!("{name}.{kind}"))).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let status = part("status").trim().parse().unwrap();
    let is_around = |program: &&str| {
        let name = Path::new(program).file_name();
        name.is_none_or(|name| AROUND.iter().any(|it| name == *it))
    };
    let mut calls = Calls::new();
    for (arch, totals) in recording.totals() {
        for (call, total) in totals {
            let call = format!("{arch} {call}");
            if !around || call == "x86_64 execve" || !total.by.keys().all(is_around) {
                let _new = calls.insert(call);
            }
        }
    }
    Seen {
        finished: Finished::elsewhere(name.to_owned(), status, part("1"), part("2")),
        calls,
        gaps: recording.gaps().map(|(_run, gap)| gap.key()).collect(),
        bytes: Vec::new(),
    }
}
