//! How fast a log of strace is read, beside what people use on such logs, in one run.
//!
//! `cargo bench --bench import` makes a log of some 270 MB from a sample trace, times the reader
//! and its peers, and prints how many times as long each peer took. docs/benchmarks.md has
//! numbers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark may panic and prints what it measured"
)]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use callsieve::ingest::{Format, Options, Source, decompressed, read};
use callsieve::recording::{Recording, RunBuilder};
use divan::Bencher;
use divan::counter::BytesCount;

/// The sample repeated: a `-f -t` log of many processes.
const SAMPLE: &str = "sample-traces/initdb/trace.strace.zst";
const BYTES: usize = 256 << 20;
/// Rounds of the comparison; the fastest of each counts.
const ROUNDS: usize = 5;

static LOG: LazyLock<tempfile::NamedTempFile> = LazyLock::new(|| {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join(SAMPLE);
    let mut text = Vec::new();
    decompressed(File::open(sample).unwrap())
        .unwrap()
        .read_to_end(&mut text)
        .unwrap();
    let mut log = tempfile::NamedTempFile::new().unwrap();
    let mut written = 0;
    while written < BYTES {
        log.write_all(&text).unwrap();
        written += text.len();
    }
    log.flush().unwrap();
    log
});

fn log_bytes() -> BytesCount {
    BytesCount::new(LOG.as_file().metadata().unwrap().len())
}

/// What `callsieve import` does, but for the command line and the output.
fn read_log(threads: usize) -> Recording {
    read_file(LOG.path(), threads)
}

fn read_file(path: &Path, threads: usize) -> Recording {
    let mut run = RunBuilder::new("strace", vec!["log".to_owned()]);
    let source = Source {
        name: "log".to_owned(),
        pid: None,
        reader: decompressed(File::open(path).unwrap()).unwrap(),
    };
    let options = Options {
        format: Format::Strace,
        told: None,
        threads,
    };
    let tally = read([source], options, &mut run, &mut |_| ()).unwrap();
    Recording::of(run.finish(tally))
}

/// What a shell command that reads the log is.
#[derive(Clone, Copy)]
struct Peer {
    label: &'static str,
    /// A program that it needs.
    needs: &'static str,
    /// Whether it prints the names of the calls and nothing else.
    correct: bool,
}

/// Names by field, for a log of `-f -t` and no other.
const BY_FIELD: &str = r#"'{ if ($3 == "<...") name = $4
    else { end = index($3, "("); if (!end) next; name = substr($3, 1, end - 1) }
    if (name ~ /^[a-z_][a-z0-9_]*$/) seen[name] }
  END { for (name in seen) print name }' "$1""#;

/// The peers that this machine has, each with its command, which finds the log in `$1`.
static PEERS: LazyLock<Vec<(Peer, String)>> = LazyLock::new(|| {
    let peers = [
        ("wc -l", "wc", r#"wc -l "$1""#, false),
        // As tutorials have it. On a log with process and time it gives nearly every line.
        (
            "awk -F'(' | sort -u",
            "awk",
            r#"awk -F'(' '{print $1}' "$1" | sort -u"#,
            false,
        ),
        // Names by a pattern for this log; the second halves of calls are missing.
        (
            "rg -o | sort -u",
            "rg",
            r#"rg -o --no-line-number --no-filename '^\d+ +[0-9:]+ ([a-z_][a-z0-9_]*)\(' -r '$1' "$1" | sort -u"#,
            false,
        ),
        ("mawk by field", "mawk", "LC_ALL=C mawk", true),
        ("gawk by field", "gawk", "LC_ALL=C gawk", true),
    ];
    peers
        .into_iter()
        .filter_map(|(label, needs, command, correct)| {
            let peer = Peer {
                label,
                needs,
                correct,
            };
            let line = if correct {
                format!("{command} {BY_FIELD}")
            } else {
                command.to_owned()
            };
            peer.is_there().then_some((peer, line))
        })
        .collect()
});

/// The log as these programs compress it, where they are.
fn compressed() -> Vec<(&'static str, tempfile::NamedTempFile)> {
    let ways = [
        ("import, .gz", "gzip", "gzip -1 -c"),
        ("import, .zst", "zstd", "zstd -q -1 -c"),
        ("import, .xz", "xz", "xz -1 -c"),
    ];
    let mut files = Vec::new();
    for (label, needs, command) in ways {
        let peer = Peer {
            label,
            needs,
            correct: false,
        };
        if peer.is_there() {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(&output(&format!("{command} \"$1\"")))
                .unwrap();
            files.push((label, file));
        }
    }
    files
}

impl Peer {
    fn is_there(&self) -> bool {
        let there = Command::new("sh")
            .args(["-c", "command -v \"$1\"", "sh", self.needs])
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !there {
            eprintln!("SKIPPED: {}: there is no {}", self.label, self.needs);
        }
        there
    }
}

/// What the command prints.
fn output(line: &str) -> Vec<u8> {
    let output = Command::new("sh")
        .args(["-c", line, "sh"])
        .arg(LOG.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{line}");
    output.stdout
}

#[divan::bench(args = [1, 2], sample_count = 10, sample_size = 1)]
fn import(bencher: Bencher<'_, '_>, threads: usize) {
    bencher.counter(log_bytes()).bench(|| read_log(threads));
}

fn labels() -> Vec<&'static str> {
    PEERS.iter().map(|(peer, _)| peer.label).collect()
}

#[divan::bench(args = labels(), sample_count = 3, sample_size = 1)]
fn peer(bencher: Bencher<'_, '_>, label: &str) {
    let (_, line) = PEERS.iter().find(|(peer, _)| peer.label == label).unwrap();
    bencher.counter(log_bytes()).bench(|| output(line));
}

/// A peer that is called correct has to be: else its time means nothing.
fn check_names(peers: &[(Peer, String)]) {
    let ours: BTreeSet<String> = read_log(1)
        .totals()
        .into_values()
        .flat_map(|calls| calls.into_keys().map(|call| call.to_string()))
        .collect();
    for (peer, line) in peers.iter().filter(|(peer, _)| peer.correct) {
        let text = String::from_utf8(output(line)).unwrap();
        let theirs: BTreeSet<String> = text.lines().map(str::to_owned).collect();
        assert_eq!(theirs, ours, "{}", peer.label);
    }
}

fn fastest(best: &mut Duration, work: impl FnOnce()) {
    let start = Instant::now();
    work();
    *best = start.elapsed().min(*best);
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a log has fewer bytes than 2^53"
)]
fn megabytes() -> f64 {
    LOG.as_file().metadata().unwrap().len() as f64 / 1e6
}

/// The same again in turns, so that whatever else the machine does meets all alike.
fn print_ratios() {
    let peers: &[(Peer, String)] = &PEERS;
    check_names(peers);
    let files = compressed();
    let mut ours = [Duration::MAX; 2];
    let mut from_files = vec![Duration::MAX; files.len()];
    let mut theirs = vec![Duration::MAX; peers.len()];
    for _ in 0..ROUNDS {
        for (threads, best) in (1..).zip(&mut ours) {
            fastest(best, || drop(read_log(threads)));
        }
        for ((_, file), best) in files.iter().zip(&mut from_files) {
            fastest(best, || drop(read_file(file.path(), 1)));
        }
        for ((_, line), best) in peers.iter().zip(&mut theirs) {
            fastest(best, || drop(output(line)));
        }
    }
    let megabytes = megabytes();
    println!("\nfastest of {ROUNDS} rounds in turns, {megabytes:.0} MB");
    println!("{:<22} {:>8} {:>8} {:>7}", "", "seconds", "MB/s", "ratio");
    let labels = ["import, 1 thread", "import, 2 threads"];
    let rows = labels
        .into_iter()
        .zip(ours)
        .chain(files.iter().map(|(label, _)| *label).zip(from_files))
        .chain(peers.iter().map(|(peer, _)| peer.label).zip(theirs));
    for (label, time) in rows {
        let seconds = time.as_secs_f64();
        let ratio = seconds / ours[0].as_secs_f64();
        println!(
            "{label:<22} {seconds:>8.3} {:>8.0} {ratio:>7.2}",
            megabytes / seconds
        );
    }
}

fn main() {
    divan::main();
    if std::env::args().any(|argument| argument == "--bench") {
        print_ratios();
    }
}
