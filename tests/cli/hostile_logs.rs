//! Logs made to exhaust: memory stays bounded, the error is one clear line, nothing panics.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use callsieve::ingest::Format;

use crate::common::require_program;
use crate::util::{PROGRAM, Sandbox, assert_harmless};

/// Address space that the program may use, in KiB. It needs some 30 MiB, and what its threads
/// reserve.
const MEMORY: u32 = 700_000;

/// Takes bytes; `false` if no more are wanted.
type Write<'a> = &'a mut dyn FnMut(&[u8]) -> bool;

/// Reads standard input in bounded memory. Gives the exit code and what it says.
fn import(sandbox: &Sandbox, options: &str, feed: impl Fn(Write<'_>)) -> String {
    let start = Instant::now();
    let line = format!("ulimit -v {MEMORY}; exec \"$0\" import - -o out.json {options}");
    let mut child = Command::new("sh")
        .args(["-c", &line, PROGRAM])
        .current_dir(sandbox.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may stop reading when it has seen enough.
    feed(&mut |bytes| stdin.write_all(bytes).is_ok());
    drop(stdin);
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    let status = child.wait().unwrap();
    assert!(start.elapsed() < Duration::from_secs(120));
    assert_harmless(&said);
    assert!(
        !said.contains("panicked") && !said.contains("memory allocation"),
        "{said}"
    );
    format!("{:?} {said}", status.code())
}

fn repeated(bytes: &[u8], total: u64) -> impl Fn(Write<'_>) {
    let block: Vec<u8> = bytes.iter().copied().cycle().take(1 << 20).collect();
    move |write| {
        for _ in 0..total >> 20 {
            if !write(&block) {
                return;
            }
        }
    }
}

#[test]
fn a_line_of_a_billion_bytes() {
    let sandbox = Sandbox::new();
    let said = import(&sandbox, "", repeated(b"x", 1_000_000_000));
    assert!(said.starts_with("Some(2) error: "), "{said}");
    assert_eq!(said.lines().count(), 2, "{said}");
    // Inside a call, the call counts and its result is unknown.
    let said = import(&sandbox, "--arch x86_64", |write| {
        write(b"7 read(3, \"");
        repeated(b"a", 1_000_000_000)(write);
        write(b"\", 9) = 9\n7 exit_group(0) = ?\n");
    });
    assert!(said.contains("2 calls in 2 lines"), "{said}");
    assert!(said.contains("1 line over 1 MiB"), "{said}");
}

#[test]
fn every_format_bears_long_lines_and_nothing_but_nul() {
    let sandbox = Sandbox::new();
    for format in Format::all() {
        for bytes in [
            &b"x"[..],
            b"\0",
            b"\0\n",
            b"\xff\xfe\n",
            b"{\"a\":[",
            b"@[1, 2]: 3, ",
        ] {
            let options = format!("--arch x86_64 --from {format}");
            let said = import(&sandbox, &options, repeated(bytes, 3 << 20));
            let refused = said.starts_with("Some(2) error: ");
            assert!(refused || said.starts_with("Some(3)"), "{format}: {said}");
        }
    }
}

#[test]
fn made_up_names_and_processes() {
    let sandbox = Sandbox::new();
    let said = import(&sandbox, "--arch x86_64", |write| {
        for nth in 0..600_000u32 {
            let line = format!(
                "{} made_up_{nth}(1) = 0\n{nth} close(3) = 0\n",
                nth % 90_000 + 1
            );
            if !write(line.as_bytes()) {
                return;
            }
        }
    });
    assert!(said.contains("Some(3)"), "{said}");
    let said = import(&sandbox, "--from json-lines --arch x86_64", |write| {
        for nth in 0..300_000u32 {
            let line = format!(
                "{{\"syscall\": \"made_up_{nth}\", \"exe\": \"/{nth}\", \"pid\": {nth}}}\n"
            );
            if !write(line.as_bytes()) {
                return;
            }
        }
    });
    assert!(said.starts_with("Some("), "{said}");
}

/// Packs a billion bytes of one line with a tool of this machine.
fn bomb(sandbox: &Sandbox, tool: &str, name: &str) -> bool {
    if !require_program(tool, tool) {
        return false;
    }
    let line = format!("head -c 1000000000 /dev/zero | tr '\\0' x | {tool} -1 -c > {name}");
    let made = Command::new("sh")
        .args(["-c", &line])
        .current_dir(sandbox.root())
        .status();
    assert!(made.unwrap().success());
    true
}

/// What an import says that ends with an error, with little memory to be had.
#[track_caller]
fn refused(sandbox: &Sandbox, arguments: &str) -> String {
    let line = format!("ulimit -v {MEMORY}; exec \"$0\" import {arguments}");
    let ran = Command::new("sh")
        .args(["-c", &line, PROGRAM])
        .current_dir(sandbox.root())
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(2), "{arguments}: {said}");
    said
}

#[test]
fn decompression_bombs() {
    let sandbox = Sandbox::new();
    for (tool, name) in [("gzip", "bomb.gz"), ("zstd", "bomb.zst"), ("xz", "bomb.xz")] {
        if !bomb(&sandbox, tool, name) {
            continue;
        }
        let said = refused(&sandbox, &format!("{name} -o out.json"));
        assert!(said.starts_with("error: "), "{name}: {said}");
    }
}

/// Frames of zstd that ask for a window of terabytes, or tell such a size of their content.
#[test]
fn a_zstd_window_of_terabytes() {
    let sandbox = Sandbox::new();
    let block = [41, 0, 0, b'h', b'e', b'l', b'l', b'o'];
    let magic = [0x28, 0xb5, 0x2f, 0xfd];
    let window = [&magic[..], &[0, 0xf8], &block].concat();
    let size = [&magic[..], &[0xe0, 0, 0, 0, 0, 0, 1, 0, 0], &block].concat();
    for (name, frame) in [("window.zst", window), ("size.zst", size)] {
        sandbox.write(name, frame);
        let said = refused(&sandbox, name);
        assert!(
            said.starts_with(&format!("error: can't read `{name}`")),
            "{said}"
        );
    }
}

/// What is there when its end is reached is read, whatever comes then.
#[test]
fn a_log_that_grows_while_it_is_read() {
    let sandbox = Sandbox::new();
    let line = "7 read(3, \"abc\", 3) = 3\n".repeat(2000);
    sandbox.write("log", &line);
    let mut log = std::fs::OpenOptions::new()
        .append(true)
        .open(sandbox.path("log"))
        .unwrap();
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Some 2 MB a second, as strace writes, and not for ever.
            for _ in 0..3000 {
                if over.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
                log.write_all(line.as_bytes()).unwrap();
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        std::thread::sleep(Duration::from_millis(100));
        for _ in 0..3 {
            let ran = sandbox.run("import log --arch x86_64 -o out.json");
            assert_eq!(ran.code, Some(3), "{}", ran.stderr);
            assert!(ran.stderr.contains("calls in "), "{}", ran.stderr);
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

/// A stream may ask for a dictionary of 4 GiB; that is refused, not tried.
#[test]
fn an_xz_dictionary_of_four_gibibytes() {
    let sandbox = Sandbox::new();
    // Header and block header of a stream with the largest dictionary (property 40).
    let mut stream = vec![
        0xfd, b'7', b'z', b'X', b'Z', 0, 0, 1, 0x69, 0x22, 0xde, 0x36,
    ];
    let block = [2, 0, 0x21, 1, 40, 0, 0, 0];
    stream.extend(block);
    stream.extend(crc32(&block).to_le_bytes());
    stream.extend([0; 64]);
    sandbox.write("large.xz", stream);
    let ran = sandbox.run("import large.xz");
    ran.assert_error(2, "can't read `large.xz`");
    assert!(ran.stderr.contains("memory"), "{}", ran.stderr);
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(crc & 1));
        }
    }
    !crc
}
