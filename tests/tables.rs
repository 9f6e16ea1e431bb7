//! The tables of system calls, compared with the one that libseccomp publishes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use callsieve::arch::{Arch, X32_BIT};
use callsieve::syscalls::table;

/// A call for which our table says something else than libseccomp's, and why.
struct Explained {
    arch: Arch,
    name: &'static str,
    ours: Option<u32>,
    theirs: Option<u32>,
    reason: &'static str,
}

const EXPLAINED: &[Explained] = &[Explained {
    arch: Arch::Loongarch64,
    name: "memfd_secret",
    ours: Some(447),
    theirs: None,
    reason: "loongarch/asm/unistd_64.h of Linux 7.2 defines it, libseccomp 2.6.1 not yet",
}];

#[test]
fn equal_to_libseccomp_but_for_explained_differences() {
    let Some(columns) = libseccomp() else { return };
    let mut unexplained = Vec::new();
    let mut met = BTreeSet::new();
    for arch in Arch::ALL {
        let theirs = &columns[column(arch)];
        let ours: BTreeMap<String, u32> = table(arch)
            .iter()
            .map(|(name, number)| (name.to_owned(), number))
            .collect();
        assert!(theirs.len() > 300, "{arch}: {} calls", theirs.len());
        let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        for name in names {
            let ours = ours.get(name).copied();
            let theirs = theirs.get(name).map(|number| number + base(arch));
            if ours == theirs {
                continue;
            }
            let explained = EXPLAINED.iter().position(|e| {
                e.arch == arch && e.name == name && e.ours == ours && e.theirs == theirs
            });
            match explained {
                Some(at) => assert!(met.insert(at), "explained twice: {arch} {name}"),
                None => unexplained.push(format!("{arch} {name}: {ours:?} is not {theirs:?}")),
            }
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    for (at, gone) in EXPLAINED.iter().enumerate() {
        assert!(
            met.contains(&at),
            "no difference any more: {} {} ({})",
            gone.arch,
            gone.name,
            gone.reason
        );
    }
}

/// The column of an architecture; there is one for both orders of bytes.
fn column(arch: Arch) -> &'static str {
    match arch {
        Arch::Mipsel => "mips",
        Arch::Mipsel64 => "mips64",
        Arch::Mipsel64n32 => "mips64n32",
        Arch::Ppc64le => "ppc64",
        Arch::Sheb => "sh",
        other => other.name(),
    }
}

/// What libseccomp adds to every number of a column when it is used.
fn base(arch: Arch) -> u32 {
    match arch {
        Arch::Mips | Arch::Mipsel => 4000,
        Arch::Mips64 | Arch::Mipsel64 => 5000,
        Arch::Mips64n32 | Arch::Mipsel64n32 => 6000,
        Arch::X32 => X32_BIT,
        _ => 0,
    }
}

/// Numbers by column and name; `PNR` is no number.
fn libseccomp() -> Option<BTreeMap<String, BTreeMap<String, u32>>> {
    let path = common::shared_data("libseccomp-syscalls.csv")?;
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut columns: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), head.len(), "{line}");
        for (title, cell) in head.iter().zip(&cells).skip(1) {
            if !title.ends_with("_kver") && *cell != "PNR" {
                columns
                    .entry((*title).to_owned())
                    .or_default()
                    .insert(cells[0].to_owned(), cell.parse().unwrap());
            }
        }
    }
    Some(columns)
}
