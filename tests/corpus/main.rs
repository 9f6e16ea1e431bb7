//! Every sample trace, read by the product and compared with what an independent reader found
//! (sample-traces/expected.py), and with the recording facts that each case was made to show.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may panic"
)]

mod cases;
mod tools;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use callsieve::arch::Arch;
use callsieve::event::{CallId, Gap};
use callsieve::ingest::{Source, decompressed, read_strace};
use callsieve::recording::{self, Recording, RunBuilder};
use callsieve::syscalls::{canonical, multiplexer};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-traces")
}

/// Folders with a trace, by name.
fn cases() -> Vec<String> {
    let mut cases: Vec<String> = fs::read_dir(samples())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("expected-names.txt").exists())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    cases.sort();
    cases
}

/// The files of a case's trace, with their process where they are an `-ff` set.
fn files(case: &str) -> Vec<(Option<u32>, PathBuf)> {
    let folder = samples().join(case);
    let set = folder.join("trace");
    if set.is_dir() {
        let mut files: Vec<_> = fs::read_dir(set)
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                let pid = name
                    .trim_end_matches(".gz")
                    .rsplit('.')
                    .next()
                    .unwrap()
                    .parse()
                    .unwrap();
                (Some(pid), path)
            })
            .collect();
        files.sort();
        return files;
    }
    let path = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("trace.strace")
        })
        .unwrap_or_else(|| panic!("{case} has no trace"));
    vec![(None, path)]
}

/// Reads a case as the command line would.
pub(crate) fn read(case: &str) -> Recording {
    let files = files(case);
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut run = RunBuilder::new("strace", files.iter().map(|(_, path)| name(path)).collect());
    let sources = files.iter().map(|(pid, path)| Source {
        name: name(path),
        pid: *pid,
        reader: decompressed(File::open(path).unwrap()).unwrap(),
    });
    // A log of a few calls that every architecture has tells none; the user has to.
    let told = (case == "attach").then_some(Arch::X86_64);
    let tally = read_strace(sources, told, &mut run, &mut |_| ())
        .unwrap_or_else(|error| panic!("{case}: {error}"));
    Recording::of(run.finish(tally))
}

fn expected_names(case: &str) -> BTreeMap<String, u64> {
    let text = fs::read_to_string(samples().join(case).join("expected-names.txt")).unwrap();
    text.lines()
        .map(|line| {
            let (name, count) = line.split_once(' ').unwrap();
            (name.to_owned(), count.parse().unwrap())
        })
        .collect()
}

/// Each printed name has the printed number of calls, and nothing else is there: the names a
/// case lists are those that strace prints, from which follow the calls that the kernel saw.
#[test]
fn names_and_counts_are_those_of_the_independent_reader() {
    let mut wrong = Vec::new();
    for case in cases() {
        let recording = read(&case);
        let totals = recording.totals();
        let mut seen: BTreeMap<(String, bool), u64> = BTreeMap::new();
        let mut explained: BTreeSet<String> = BTreeSet::new();
        for calls in totals.values() {
            for (call, total) in calls {
                *seen.entry((call.to_string(), total.either)).or_default() += total.calls;
            }
        }
        let numbered = samples().join(&case).join("expected-numbers.txt").exists();
        for (name, count) in expected_names(&case) {
            let mut ours = 0;
            let mut names = BTreeSet::new();
            for arch in totals.keys() {
                names.extend(canonical(*arch, &name));
                if let Some(hex) = name.strip_prefix("syscall_0x") {
                    let number = u32::from_str_radix(hex, 16).unwrap();
                    explained.insert(format!("#{number}"));
                    ours += seen
                        .get(&(format!("#{number}"), false))
                        .copied()
                        .unwrap_or_default();
                }
                explained.extend(multiplexer(*arch, &name).map(str::to_owned));
            }
            for name in &names {
                ours += seen
                    .get(&((*name).to_owned(), false))
                    .copied()
                    .unwrap_or_default();
                ours += seen
                    .get(&((*name).to_owned(), true))
                    .copied()
                    .unwrap_or_default();
            }
            let only_multiplexed = totals.keys().any(|arch| {
                multiplexer(*arch, &name).is_some_and(|m| seen.keys().any(|(s, _)| s == m))
            });
            // Behind a multiplexer the count is the multiplexer's, shared by its sub-calls.
            let by_multiplexer = only_multiplexed && (numbered || ours == 0 || ours < count);
            if ours != count && !by_multiplexer {
                wrong.push(format!(
                    "{case}: {name} is there {ours} times, expected {count}"
                ));
            }
            explained.extend(names.into_iter().map(str::to_owned));
        }
        for (name, _) in seen.keys() {
            if !explained.contains(name) {
                wrong.push(format!("{case}: {name} is not in the log"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// With `-n` the log says which number each call had, so nothing is left to guess.
#[test]
fn numbers_are_those_of_the_independent_reader() {
    let mut wrong = Vec::new();
    let mut looked_at = 0;
    for case in cases() {
        let Ok(text) = fs::read_to_string(samples().join(&case).join("expected-numbers.txt"))
        else {
            continue;
        };
        looked_at += 1;
        let mut expected: BTreeMap<u32, u64> = BTreeMap::new();
        for line in text.lines() {
            let mut words = line.split(' ');
            let number = words.next().unwrap().parse().unwrap();
            *expected.entry(number).or_default() +=
                words.next_back().unwrap().parse::<u64>().unwrap();
        }
        let recording = read(&case);
        let mut ours: BTreeMap<u32, u64> = BTreeMap::new();
        for (arch, calls) in recording.totals() {
            for (call, total) in calls {
                let number = match &call {
                    CallId::Name(name) => callsieve::syscalls::table(arch).number(name.as_str()),
                    CallId::Number(number) => Some(*number),
                };
                *ours.entry(number.unwrap()).or_default() += total.calls;
                assert!(!total.either, "{case}: {call} is not certain");
            }
        }
        if ours != expected {
            wrong.push(format!("{case}: {ours:?}\nexpected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(looked_at >= 3);
}

/// Logs that are incomplete on purpose say so, and only those do.
#[test]
fn gaps_are_found_where_they_are() {
    let expected = BTreeMap::from([
        ("attach", vec![Gap::NoStart, Gap::Detached]),
        ("table", vec![Gap::SummaryOnly]),
        ("table-i386", vec![Gap::SummaryOnly]),
        ("endings", vec![Gap::KilledByFilter]),
        // Recorded without `-f`; the program starts a thread.
        ("musl", vec![Gap::NotFollowed]),
    ]);
    for case in cases() {
        let recording = read(&case);
        let gaps: Vec<Gap> = recording.gaps().map(|(_, gap)| gap).collect();
        let expected = expected.get(case.as_str()).cloned().unwrap_or_default();
        assert_eq!(gaps, expected, "{case}");
    }
}

/// A recording that was written and read back is the same, to the byte.
#[test]
fn recordings_survive_their_file() {
    for case in cases() {
        let recording = read(&case);
        let text = recording::write(&recording);
        let back = recording::read(text.as_bytes()).unwrap_or_else(|e| panic!("{case}: {e}"));
        assert_eq!(back, recording, "{case}");
        assert_eq!(recording::write(&back), text, "{case}");
    }
}

/// What was not understood, if anything was.
#[test]
fn nothing_is_left_over_but_the_programs_own_output() {
    let mut left = Vec::new();
    for case in cases() {
        for (_, run) in read(&case).runs() {
            for example in &run.tally.examples {
                left.push(format!("{case}:{}: {}", example.line, example.text));
            }
        }
    }
    expect_test::expect![[r"
        mixed:87: from a child
        mixed:187: a(b) = 0 is no call, nor is [pid 7] this"]]
    .assert_eq(&left.join("\n"));
}
