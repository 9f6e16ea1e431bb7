//! The values of symbols, compared with the C headers of this machine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may panic"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use callsieve::syscalls::{ArgKind, symbol_value};

const HEADERS: &str = "\
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <linux/prctl.h>
#include <asm/prctl.h>
#include <sched.h>
#include <linux/sched.h>
#include <signal.h>
#include <linux/personality.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <linux/netlink.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/ptrace.h>
#include <sys/ioctl.h>
#include <asm/termbits.h>
#include <linux/serial.h>
#include <linux/sockios.h>
#include <linux/fs.h>
#include <linux/nsfs.h>
#include <linux/random.h>
#include <linux/if_tun.h>
#include <linux/if_packet.h>
";

/// Symbols of other architectures than the one whose headers are read, or of 32-bit programs.
const NOT_OF_X86_64: [&str; 5] = [
    "F_GETLK64",
    "F_SETLK64",
    "F_SETLKW64",
    "PROT_BTI",
    "PROT_MTE",
];

#[test]
fn values_are_those_of_the_headers() {
    let symbols: BTreeMap<&str, u64> = ArgKind::ALL
        .iter()
        .flat_map(|kind| kind.symbols())
        .copied()
        .filter(|(name, _)| !NOT_OF_X86_64.contains(name))
        .collect();
    let mut asked: BTreeSet<&str> = symbols.keys().copied().collect();
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("symbols");

    // Headers older than the table lack some symbols, and an enumerator can't be asked for by
    // the preprocessor: the compiler says which it does not know.
    let Some(first) = compile(&asked, &program) else {
        return;
    };
    let complaints = String::from_utf8_lossy(&first.stderr).into_owned();
    asked.retain(|name| !complaints.contains(&format!("'{name}' undeclared")));
    let second = compile(&asked, &program).unwrap();
    assert!(
        second.status.success(),
        "{}",
        String::from_utf8_lossy(&second.stderr)
    );

    let output = Command::new(&program).output().unwrap();
    let mut compared = 0;
    let mut wrong = Vec::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let (name, value) = line.split_once(' ').unwrap();
        let value: u64 = value.parse().unwrap();
        if symbols[name] != value {
            wrong.push(format!("{name} is {value}, not {}", symbols[name]));
        }
        compared += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(compared, asked.len());
    // Headers of Linux 6.1 know 989 of 1053.
    assert!(
        compared * 10 >= symbols.len() * 8,
        "only {compared} of {} are known to the headers",
        symbols.len()
    );
}

/// A symbol that two kinds share has one value, or the map above would hide one.
#[test]
fn every_symbol_has_its_own_value() {
    for kind in ArgKind::ALL {
        for &(name, value) in kind.symbols() {
            assert_eq!(symbol_value(kind, name), Some(value), "{name}");
            for other in ArgKind::ALL {
                let elsewhere = symbol_value(other, name);
                assert!(elsewhere.is_none_or(|v| v == value), "{name} in {other:?}");
            }
        }
    }
}

/// Compiles a program that prints the symbols; `None`, said loudly, where that can't be done.
fn compile(names: &BTreeSet<&str>, program: &Path) -> Option<Output> {
    if !cfg!(target_arch = "x86_64") {
        return skip("the headers of this machine are of another architecture");
    }
    let mut source = HEADERS.to_owned();
    source.push_str("static const struct { const char *n; unsigned long long v; } all[] = {\n");
    for name in names {
        writeln!(source, "{{\"{name}\", (unsigned long long)({name})}},").unwrap();
    }
    source.push_str(
        "};\nint main(void) {\n\
         for (unsigned i = 0; i < sizeof all / sizeof *all; i++)\n\
         printf(\"%s %llu\\n\", all[i].n, all[i].v);\nreturn 0; }\n",
    );
    let child = Command::new("gcc")
        .args(["-x", "c", "-w", "-fmax-errors=0", "-o"])
        .arg(program)
        .arg("-")
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        return skip("there is no gcc");
    };
    child
        .stdin
        .take()
        .unwrap()
        .write_all(source.as_bytes())
        .unwrap();
    Some(child.wait_with_output().unwrap())
}

fn skip(reason: &str) -> Option<Output> {
    common::require("cc", false, reason);
    None
}
