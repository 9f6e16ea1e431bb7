//! What a page says.

use std::fmt::Write as _;

use crate::Place;
use crate::shown::read;

#[test]
fn a_whole_page() {
    let page = Place::new().whole();
    let shown = read(&page);
    let titles: Vec<&str> = shown.headings.iter().map(|title| title.trim()).collect();
    let expected = [
        "System calls of trace.strace.gz",
        "Numbers",
        "Changes",
        "▲ Wider 18",
        "○ Narrower 11",
        "Discovery",
        "Map against Docker's default",
    ];
    assert_eq!(titles.get(..expected.len()), Some(&expected[..]));
    assert_eq!(
        titles.get(titles.len() - 2..),
        Some(&["Programs", "Calls"][..])
    );
    assert_eq!(shown.count["table"], 1);
    assert_eq!(shown.count["caption"], 1);
    for words in [
        "Nothing is known to be missing from the recordings.",
        "/usr/sbin/nginx",
        "1 of 2 runs",
        "runtime: needed by runc+crun to start a container",
        "always: every program ends with it",
        "carried over: argument rule of docker-default",
        "It speaks for this workload alone",
        "lines of the log",
        "blocked by both",
        ", conditional",
        "AF_INET",
        "outside Docker's default",
    ] {
        assert!(shown.text.contains(words), "{words}");
    }
    let what = |title: &&String| title.starts_with("starts a thread or child, sharing");
    assert_eq!(shown.titles.iter().filter(what).count(), 1);
}

/// Each architecture has a part of its own, with names of its own.
#[test]
fn two_architectures() {
    let place = Place::new();
    let shown = read(&place.ok("report -q sample-traces/int80/trace.strace"));
    let arches = shown
        .headings
        .iter()
        .filter(|title| title.starts_with("Architecture "));
    assert_eq!(arches.count(), 2, "{:?}", shown.headings);
    assert_eq!(shown.count["table"], 2);
}

#[test]
fn what_is_missing_stands_before_all_numbers() {
    let place = Place::new();
    let page = place.ok("report -q --arch x86_64 sample-traces/attach/trace.strace");
    let shown = read(&page);
    let at = |words: &str| shown.text.find(words).expect(words);
    assert!(at("What is missing") < at("kinds of calls"));
    assert!(at("is incomplete: it does not begin with an execve") < at("kinds of calls"));
    assert!(!shown.text.contains("Nothing is known to be missing"));
}

/// A program that the default refuses something, and one whose callers fall back.
#[test]
fn states_of_the_map() {
    let place = Place::new();
    place.write(
        "log",
        "1 execve(\"/bin/x\", [\"x\"], 0x7ffd /* 1 var */) = 0\n\
         1 [pid 1] nothing\n1 read(3, \"\", 1) = 0\n1 keyctl(KEYCTL_READ, 1) = 0\n1 clone3({}, 88) = 2\n\
         1 socket(AF_INET, SOCK_STREAM, 0) = 3\n1 exit_group(0) = ?\n1 +++ exited with 0 +++\n",
    );
    let page = place.ok("report -q --arch x86_64 log");
    for cell in [
        "; Docker's default: EPERM\"><i aria-hidden=\"true\">▲</i>\
         <a href=\"#x86_64.keyctl\">keyctl</a><b>, beyond</b>",
        "<a href=\"#x86_64.clone3\">clone3</a><b>, conditional</b>",
        "<a href=\"#x86_64.read\">read</a><b>, used</b>",
        "<a href=\"#x86_64.socket\">socket</a><b>, conditional</b>",
        "<i aria-hidden=\"true\">○</i>write<b>, removed</b>",
        "<i aria-hidden=\"true\">×</i>mount<b>, blocked by both</b>",
    ] {
        assert!(page.contains(cell), "{cell}");
    }
    read(&page);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let place = Place::new();
    let page = place.whole();
    let again = "report -q redis.rec.json new.json nginx.rec.json --against old.json -o x.html";
    place.ok(again);
    let other = std::fs::read_to_string(place.path().join("x.html")).unwrap();
    assert!(page == other, "the order of the inputs changes the page");
    assert!(!page.contains("<dt>Made</dt>"));
    let made = place.ok("report -q nginx.rec.json --timestamp 1709251200");
    assert!(made.contains("2024-03-01 00:00:00 UTC"));
    let output = place
        .command()
        .env("SOURCE_DATE_EPOCH", "1709251200")
        .args(["report", "-q", "nginx.rec.json"])
        .output();
    assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), made);
}

/// Fifty programs that each make what a program makes.
#[test]
fn a_recording_of_fifty_processes_is_small() {
    let place = Place::new();
    let calls: Vec<String> = place
        .ok("list -q sample-traces/nginx/trace.strace.gz -f json")
        .split('"')
        .filter(|word| callsieve::syscalls::about(word).is_some())
        .map(ToOwned::to_owned)
        .collect();
    assert!(calls.len() > 50, "{calls:?}");
    let mut log = String::new();
    for pid in 1..=50 {
        writeln!(
            log,
            "{pid} execve(\"/usr/lib/program-{pid}\", [\"x\"], 0x7ffd /* 1 var */) = 0"
        )
        .unwrap();
        for name in calls.iter().filter(|name| !name.starts_with("exec")) {
            writeln!(log, "{pid} {name}(1, 2, 3) = 0").unwrap();
        }
    }
    place.write("log", &log);
    place.ok("generate -q --arch x86_64 --allow-incomplete log -o p.json");
    let page = place.ok("report -q --arch x86_64 log p.json --against docker-default");
    read(&page);
    assert!(page.contains("program-50"));
    assert!(page.len() < 300_000, "{} bytes", page.len());
}
