//! The quick look against a plain reader that the tests keep, line by line, and whole logs read by
//! block, on several threads, against the same logs read line by line.

use std::fmt::Write as _;
use std::io::Read;
use std::num::NonZeroU32;
use std::path::Path;

use proptest::prelude::*;

use super::lex::{Ended, Found, Lexer, Prefix, Rare, Says};
use super::marks::Marks;
use super::{Reader, leader, words};
use crate::arch::Arch;
use crate::event::{Image, Sighting, Sink};
use crate::ingest::lines::Lines;
use crate::ingest::reader::Reader as _;
use crate::ingest::{Format, Options, Source};
use crate::sys::Padded;

/// A line as the plain reader reads it: `PID NUMBER call|resumed NAME OUTCOME`.
fn plain(line: &str) -> Option<String> {
    let (leader, body) = plain_leader(line)?;
    let (kind, name, tail) = if let Some(rest) = body.strip_prefix("<... ") {
        let (name, tail) = rest.split_once(" resumed>")?;
        ("resumed", name, tail)
    } else {
        let (name, tail) = body.split_once('(')?;
        ("call", name, tail)
    };
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let outcome = is_name.then(|| plain_outcome(tail)).flatten()?;
    Some(format!("{leader} {kind} {name} {outcome}"))
}

/// The process and the number, and what follows the leader.
fn plain_leader(line: &str) -> Option<(String, &str)> {
    let (mut pid, mut nr, mut rest) = (None, None, line);
    let number_of = |word: &str| word.trim().parse::<u64>().ok();
    if let Some(inside) = rest.strip_prefix("[pid ") {
        let (id, after) = inside.split_once("] ")?;
        pid = number_of(id.split('<').next()?);
        rest = after;
    } else {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let after = match after.strip_prefix('<') {
            Some(comm) if digits > 0 => comm.split_once('>')?.1,
            _ => after,
        };
        if digits > 0 && digits < 8 && after.starts_with(' ') && number_of(number)? <= 4_194_304 {
            pid = number_of(number);
            rest = after.trim_start_matches(' ');
        }
    }
    loop {
        let text = rest.trim_start_matches(' ');
        let (word, after) = if let Some(inside) = text.strip_prefix("(+") {
            let (time, after) = inside.split_once(") ")?;
            let fits = time.trim().split('.').all(|part| number_of(part).is_some());
            (if fits { "0.0" } else { "x" }, after)
        } else if text.starts_with('[') {
            let (inside, after) = text.split_once("] ")?;
            let inside = inside.trim_start_matches('[');
            let pointer =
                [8, 16].contains(&inside.len()) && inside.bytes().all(|b| b.is_ascii_hexdigit());
            if !pointer && !inside.bytes().all(|b| b == b'?') {
                nr = Some(number_of(inside)?);
            }
            ("0.0", after)
        } else {
            match text.split_once(' ') {
                Some(split) => split,
                None => break,
            }
        };
        let time = word.contains(['.', ':'])
            && word
                .bytes()
                .all(|b| b.is_ascii_digit() || b == b'.' || b == b':')
            || number_of(word).is_some_and(|number| number > 4_194_304);
        if !time {
            break;
        }
        rest = after;
    }
    let show = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    Some((format!("{} {}", show(pid), show(nr)), rest))
}

/// How a call ends whose text goes on so.
fn plain_outcome(tail: &str) -> Option<String> {
    if tail.ends_with("<unfinished ...>") {
        return Some("unfinished".to_owned());
    }
    let bytes = tail.as_bytes();
    let (mut depth, mut at) = (0usize, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                while bytes.get(at)? != &b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'<' if at > 0 && (bytes[at - 1].is_ascii_digit() || bytes[at - 1] == b'D') => {
                match (bytes.get(at + 1), super::scan::path_end(bytes, at)) {
                    (Some(b'<'), _) => at += 1,
                    (_, Some(end)) => at = end - 1,
                    _ => {}
                }
            }
            b'(' => depth += 1,
            b')' if depth > 0 => depth -= 1,
            b')' => return plain_result(tail.get(at + 1..)?),
            _ => {}
        }
        at += 1;
    }
    None
}

fn plain_result(rest: &str) -> Option<String> {
    let value = rest.trim_start_matches(' ').strip_prefix("= ")?;
    if value.contains("(INJECTED)") || value.contains(", retval)") {
        return Some("injected".to_owned());
    }
    let word = value
        .split(|c: char| c.is_whitespace() || c == '<')
        .next()?;
    Some(match word {
        "?" if value.contains("ERESTART") => "interrupted".to_owned(),
        "?" if value.contains("unavailable") => "unknown".to_owned(),
        "?" => "no-return".to_owned(),
        "-1" => {
            let error = value.split(' ').nth(1)?;
            error.starts_with('E').then(|| error.to_owned())?
        }
        _ => "ok".to_owned(),
    })
}

/// What the quick look found, in the same words.
fn shown(found: &Found, log: &[u8]) -> Option<String> {
    let kind = match found.says {
        Says::Other => return None,
        Says::Call => "call",
        Says::Resumed => "resumed",
    };
    let outcome = match found.ended {
        Ended::Unfinished => "unfinished".to_owned(),
        Ended::Rare(Rare::NoReturn) => "no-return".to_owned(),
        Ended::Ok | Ended::Error(_) | Ended::Rare(_) => found.ended.outcome()?.key().to_owned(),
    };
    let line = usize::try_from(found.start).unwrap();
    let (leader, _) = leader::split(&log[line..]);
    let number = leader.number.filter(|_| found.leader == Prefix::Rich);
    let show = |number: Option<u32>| number.map_or("-".to_owned(), |number| number.to_string());
    let name = words::calls().get(found.word)?;
    Some(format!(
        "{} {} {kind} {name} {outcome}",
        show(found.pid.map(NonZeroU32::get)),
        show(number)
    ))
}

fn look(log: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut bytes = log.to_vec();
    let lines = Padded::new(&mut bytes, log.len());
    Lexer::new().look(lines, &mut Marks::default(), &mut found);
    found
}

/// Bodies, each with what it says.
const BODIES: &[(&str, &str)] = &[
    ("close(3) = 0", "call close ok"),
    (
        "close(3)                                = 0",
        "call close ok",
    ),
    ("brk(NULL) = 0x55d4c0e3f000 <0.000012>", "call brk ok"),
    (
        r#"openat(AT_FDCWD, "/a) = 3\"(", O_RDONLY) = 3"#,
        "call openat ok",
    ),
    (
        r#"openat(AT_FDCWD</cwd>, "/x", O_RDONLY) = 3</tmp/we (ird) = \74>"#,
        "call openat ok",
    ),
    (
        r#"access("/x", R_OK) = -1 ENOENT (No such file or directory)"#,
        "call access ENOENT",
    ),
    (
        "read(3</a>, 0x1, 1) = -1 EIO (Input/output error) <0.1>",
        "call read EIO",
    ),
    (
        r#"write(1, "x(y) = 1\n", 9) = 7 (INJECTED)"#,
        "call write injected",
    ),
    (
        r#"write(1, "x", 1) = -1 EPERM (Operation not permitted) (INJECTED)"#,
        "call write injected",
    ),
    ("read(3, 0x1, 832) = 832 (INJECTED: args)", "call read ok"),
    (
        "fcntl(3, F_GETFL) = 0x8002 (flags O_RDWR|O_LARGEFILE)",
        "call fcntl ok",
    ),
    ("exit_group(0) = ?", "call exit_group no-return"),
    (
        "read(4, 0x7f, 1) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)",
        "call read interrupted",
    ),
    ("wait4(-1,  <unfinished ...>", "call wait4 unfinished"),
    ("pause( <unfinished ...>", "call pause unfinished"),
    (
        r#"<... read resumed>"\177EL(", 832) = 832"#,
        "resumed read ok",
    ),
    (
        "<... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 351",
        "resumed wait4 ok",
    ),
    (
        "<... futex resumed>) = -1 EAGAIN (Resource temporarily unavailable)",
        "resumed futex EAGAIN",
    ),
    (
        "<... epoll_wait resumed> <unfinished ...>",
        "resumed epoll_wait unfinished",
    ),
    (
        "bind(3, {sa_family=AF_INET, sin_port=htons(80)}, 16) = 0",
        "call bind ok",
    ),
    (
        "capget({version=1}, {effective=1<<CAP_CHOWN|1<<CAP_KILL}) = 0",
        "call capget ok",
    ),
    (
        "getrandom(\"\\x5c\\x22\\\\\", 3, GRND_NONBLOCK) = 3",
        "call getrandom ok",
    ),
];

/// Every option that changes what stands before a call, in the order of `printleader()`.
const LEADERS: [&[(&str, &str)]; 5] = [
    &[
        ("", "-"),
        ("49    ", "49"),
        ("4194304 ", "4194304"),
        ("[pid    77] ", "77"),
        ("139<a b\\74c\\76(d)> ", "139"),
        ("[pid 77<sh>] ", "77"),
    ],
    &[
        ("", ""),
        ("18:39:34 ", ""),
        ("18:39:34.595 ", ""),
        ("18:39:34.595259 ", ""),
        ("18:39:34.595259123 ", ""),
        ("1795459454 ", ""),
        ("1795459454.123456 ", ""),
    ],
    &[("", ""), ("     0.000054 ", ""), ("(+     0.000028) ", "")],
    &[
        ("", "-"),
        ("[ 257] ", "257"),
        ("[   3] ", "3"),
        ("[???] ", "-"),
        ("[1073741863] ", "1073741863"),
    ],
    &[
        ("", ""),
        ("[00007f3c9a3d4b21] ", ""),
        ("[f7f3c9a3] ", ""),
        ("[????????????????] ", ""),
    ],
];

/// Each combination of leaders with each body: 2520 combinations, 22 bodies.
#[test]
fn every_combination_of_options() {
    let [pids, times, sinces, numbers, pointers] = LEADERS;
    let (mut log, mut expected) = (String::new(), Vec::new());
    for (pid, id) in pids {
        for (time, _) in times {
            for (since, _) in sinces {
                for (number, nr) in numbers {
                    for (pointer, _) in pointers {
                        for (body, says) in BODIES {
                            writeln!(log, "{pid}{time}{since}{number}{pointer}{body}").unwrap();
                            expected.push(format!("{id} {nr} {says}"));
                        }
                    }
                }
            }
        }
    }
    let found = look(log.as_bytes());
    assert_eq!(found.len(), expected.len());
    let mut quick = 0;
    for ((line, found), expected) in log.lines().zip(&found).zip(&expected) {
        assert_eq!(plain(line).as_ref(), Some(expected), "plainly: {line}");
        if let Some(shown) = shown(found, log.as_bytes()) {
            assert_eq!(&shown, expected, "quickly: {line}");
            quick += 1;
        }
    }
    // What is left to the careful reader are few.
    assert!(
        quick * 100 >= expected.len() * 99,
        "{quick} of {}",
        expected.len()
    );
}

/// Sample logs, those of strace that are no table.
fn samples() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-traces");
    let cases = [
        "all-flags/trace.strace",
        "attach/trace.strace",
        "busybox/trace.strace.gz",
        "endings/trace.strace",
        "git/trace.strace.gz",
        "http-server/trace.strace.gz",
        "i386-stderr/trace.strace.gz",
        "injected/trace.strace",
        "int80/trace.strace",
        "mixed/trace.strace",
        "node/trace.strace.zst",
        "pool/trace.strace.gz",
        "redis/trace.strace.gz",
        "stacks/trace.strace.gz",
        "thread-exec-follow/trace.strace",
        "tls/trace.strace.gz",
        "trace-and-table/trace.strace",
    ];
    cases
        .iter()
        .map(|case| {
            let file = std::fs::File::open(folder.join(case)).unwrap();
            let mut log = Vec::new();
            let mut reader = crate::ingest::decompressed(file).unwrap();
            reader.read_to_end(&mut log).unwrap();
            log
        })
        .collect()
}

/// All that a log gives, as text.
#[derive(Debug, Default)]
struct Written(String);

impl Sink for Written {
    fn begins_earlier(&mut self, by: std::time::Duration) {
        writeln!(self.0, "{by:?} earlier").unwrap();
    }

    fn image(&mut self, image: &Image, sightings: Vec<Sighting>) {
        // A recording sorts them; here they stand in the order in which spellings were met.
        let mut sightings: Vec<_> = sightings.iter().map(|one| format!("{one:?}")).collect();
        sightings.sort_unstable();
        writeln!(self.0, "{image:?} {sightings:?}").unwrap();
    }
}

/// A reader that gives its bytes in pieces.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let len = self.1.min(self.0.len()).min(buffer.len());
        let (head, rest) = self.0.split_at(len);
        buffer[..len].copy_from_slice(head);
        self.0 = rest;
        Ok(len)
    }
}

fn by_line(log: &[u8]) -> String {
    let mut written = Written::default();
    let mut reader = Reader::new(Some(Arch::X86_64));
    reader.next_file("log", None);
    let mut lines = Lines::new(log);
    let result = loop {
        let Some(line) = lines.next().unwrap() else {
            break Box::new(reader).finish(&mut written);
        };
        if let Err(error) = reader.next_line(line, &mut written) {
            break Err(error);
        }
    };
    format!(
        "{}{:?}",
        written.0,
        result.map_err(|error| error.to_string())
    )
}

fn by_block(log: &[u8], piece: usize, threads: usize) -> String {
    let mut written = Written::default();
    let source = Source {
        name: "log".to_owned(),
        pid: None,
        reader: Box::new(Pieces(log, piece)),
    };
    let options = Options {
        format: Format::Strace,
        told: Some(Arch::X86_64),
        threads,
    };
    let result = super::read([source], options, &mut written, &mut |_| ());
    format!(
        "{}{:?}",
        written.0,
        result.map_err(|error| error.to_string())
    )
}

#[test]
fn whole_logs() {
    let mut quick = 0;
    let mut all = 0;
    for log in samples() {
        let plainly = by_line(&log);
        for (piece, threads) in [(1 << 20, 1), (1 << 20, 2), (1000, 1), (333, 4)] {
            assert_eq!(by_block(&log, piece, threads), plainly);
        }
        for found in look(&log) {
            all += 1;
            quick += usize::from(found.says != Says::Other);
            let start = usize::try_from(found.start).unwrap();
            let line = &log[start..usize::try_from(found.end).unwrap()];
            if let Some(shown) = shown(&found, &log) {
                let line = String::from_utf8_lossy(line);
                assert_eq!(plain(&line).as_deref(), Some(shown.as_str()), "{line}");
            }
        }
    }
    // 800 of some 14 000 lines are stacks.
    assert!(quick * 10 > all * 8, "{quick} of {all} lines");
}

/// A set of files as `strace -ff` writes them, read with so many threads.
fn by_file(files: &[&[u8]], threads: usize) -> String {
    let mut written = Written::default();
    let sources = files.iter().zip(1..).map(|(file, pid)| Source {
        name: format!("log.{pid}"),
        pid: Some(pid),
        reader: Box::new(*file),
    });
    let options = Options {
        format: Format::Strace,
        told: Some(Arch::X86_64),
        threads,
    };
    let result = super::read(sources, options, &mut written, &mut |_| ());
    format!(
        "{}{:?}",
        written.0,
        result.map_err(|error| error.to_string())
    )
}

#[test]
fn many_files_are_the_same_on_any_number_of_threads() {
    let log = samples().swap_remove(3);
    let mut files: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    files.insert(7, b"");
    files.insert(9, b"read(0, ");
    assert!(files.len() > 20);
    let alone = by_file(&files, 1);
    assert!(alone.contains("log.12"), "{alone}");
    for threads in [2, 3, 8] {
        assert_eq!(by_file(&files, threads), alone);
    }
}

/// A file that can't be read on.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _buffer: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("broken"))
    }
}

#[test]
fn a_file_read_ahead_that_fails_is_named() {
    for threads in [1, 4] {
        let readers: [Box<dyn Read>; 2] = [Box::new(&b"close(3) = 0\n"[..]), Box::new(Broken)];
        let sources = readers.into_iter().zip(1..).map(|(reader, pid)| Source {
            name: format!("log.{pid}"),
            pid: Some(pid),
            reader,
        });
        let options = Options {
            format: Format::Strace,
            told: None,
            threads,
        };
        let mut written = Written::default();
        let result = super::read(sources, options, &mut written, &mut |_| ());
        assert_eq!(result.unwrap_err().to_string(), "can't read `log.2`");
    }
}

thread_local! {
    /// The lines of all samples.
    static LINES: Vec<Vec<u8>> = samples()
        .iter()
        .flat_map(|log| log.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>())
        .collect();
}

/// Where bytes are put into a log, or in the place of others; most of them mean something.
fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, bool)>> {
    let byte = prop::sample::select(b"()\"<>\\=[]{},-?01 D:.|\xff\n\r\x1b\0".to_vec());
    prop::collection::vec((any::<prop::sample::Index>(), byte, any::<bool>()), 0..12)
}

fn changed(mut log: Vec<u8>, changes: Vec<(prop::sample::Index, u8, bool)>) -> Vec<u8> {
    for (at, byte, replace) in changes {
        let at = at.index(log.len() + 1);
        if replace && at < log.len() {
            log[at] = byte;
        } else {
            log.insert(at, byte);
        }
    }
    log
}

proptest! {
    /// Lines of real logs with bytes put in, in any order.
    #[test]
    fn changed_logs(
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..40),
        changes in changes(),
        piece in 1usize..3000,
    ) {
        let log = LINES.with(|lines| {
            let lines: Vec<&[u8]> = picks.iter().map(|at| at.get(lines).as_slice()).collect();
            lines.join(&b'\n')
        });
        let log = changed(log, changes);
        prop_assert_eq!(by_block(&log, piece, 1), by_line(&log));
    }

    /// The same with a part of a log, whose lines have leaders that are alike.
    #[test]
    fn changed_parts(at: prop::sample::Index, count in 1usize..20, changes in changes()) {
        let log = LINES.with(|lines| {
            let at = at.index(lines.len());
            lines[at..(at + count).min(lines.len())].join(&b'\n')
        });
        let log = changed(log, changes);
        prop_assert_eq!(by_block(&log, 4096, 1), by_line(&log));
    }
}
