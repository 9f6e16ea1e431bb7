//! Which release of Linux brought a call.
//!
//! syscalls(2) of man-pages 6.03 has the first release of each call on any architecture;
//! membarrier(2), `pkey_alloc(2)` and what is younger than Linux 5.14 are put right by the kernel's
//! tables (scripts/syscall.tbl). A port may have followed later: where that is known for certain
//! it is in later.txt, and no call is older than its port.

use std::fmt;
use std::sync::LazyLock;

use super::{about, parse};
use crate::arch::Arch;
use crate::syscalls::table;

/// A release of Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    major: u8,
    minor: u8,
    /// The third number, which ended with 2.6.
    patch: u8,
}

const fn release(major: u8, minor: u8) -> Release {
    Release {
        major,
        minor,
        patch: 0,
    }
}

impl Release {
    /// `6.11`, `2.6.16`
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(str::parse);
        let release = Self {
            major: numbers.next()?.ok()?,
            minor: numbers.next()?.ok()?,
            patch: numbers.next().unwrap_or(Ok(0)).ok()?,
        };
        numbers.next().is_none().then_some(release)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            major,
            minor,
            patch,
        } = self;
        if *patch == 0 {
            f.pad(&format!("{major}.{minor}"))
        } else {
            f.pad(&format!("{major}.{minor}.{patch}"))
        }
    }
}

/// The first release that ran programs of an architecture, where it is younger than most calls.
///
/// Sources: `arch_minimum_kernel` in glibc 2.40, sysdeps/unix/sysv/linux/*/configure.ac; for
/// `x86_64` `arch_prctl(2)`.
pub const fn port(arch: Arch) -> Option<Release> {
    match arch {
        Arch::X86_64 => Some(release(2, 6)),
        Arch::X32 => Some(release(3, 4)),
        Arch::Aarch64 => Some(release(3, 7)),
        Arch::Ppc64le => Some(release(3, 10)),
        Arch::Riscv64 => Some(release(4, 15)),
        Arch::Loongarch64 => Some(release(5, 19)),
        Arch::Arm
        | Arch::M68k
        | Arch::Mips
        | Arch::Mips64
        | Arch::Mips64n32
        | Arch::Mipsel
        | Arch::Mipsel64
        | Arch::Mipsel64n32
        | Arch::Parisc
        | Arch::Parisc64
        | Arch::Ppc
        | Arch::Ppc64
        | Arch::S390
        | Arch::S390x
        | Arch::Sh
        | Arch::Sheb
        | Arch::X86 => None,
    }
}

/// A line of later.txt: the release, architectures, calls.
type Later = (Release, Vec<&'static str>, Vec<&'static str>);

fn later() -> &'static [Later] {
    static LATER: LazyLock<Vec<Later>> = LazyLock::new(|| {
        parse::rows(include_str!("later.txt"))
            .filter_map(|row| {
                let &[release, arches, calls] = row.as_slice() else {
                    return None;
                };
                let words = |text: &'static str| text.split_whitespace().collect();
                Some((Release::parse(release)?, words(arches), words(calls)))
            })
            .collect()
    });
    &LATER
}

/// The release that brought a call to an architecture, as far as is known: it was not earlier.
/// `None` if the architecture has no such call, or no kernel ever had.
pub fn since(arch: Arch, name: &str) -> Option<Release> {
    table(arch).number(name)?;
    let first = about(name)?.since?;
    let followed = later()
        .iter()
        .filter(|(_, arches, calls)| arches.contains(&arch.name()) && calls.contains(&name))
        .map(|(release, _, _)| *release);
    followed.chain(port(arch)).chain([first]).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_names_calls_that_the_architectures_have() {
        let rows = parse::rows(include_str!("later.txt")).count();
        assert_eq!(later().len(), rows);
        for (release, arches, calls) in later() {
            for arch in arches {
                let arch: Arch = arch.parse().unwrap();
                for call in calls {
                    assert!(table(arch).number(call).is_some(), "{arch} {call}");
                    assert!(about(call).unwrap().since < Some(*release), "{call}");
                }
            }
        }
    }

    #[test]
    fn releases() {
        let check = |arch, name: &str, expected: Option<&str>| {
            let found = since(arch, name).map(|release| release.to_string());
            assert_eq!(found.as_deref(), expected, "{arch} {name}");
        };
        check(Arch::X86_64, "keyctl", Some("2.6.10"));
        check(Arch::Aarch64, "keyctl", Some("3.7"));
        check(Arch::Riscv64, "clone3", Some("5.3"));
        check(Arch::X86, "socket", Some("4.3"));
        check(Arch::X86_64, "socket", Some("2.6"));
        check(Arch::X86, "semget", Some("5.1"));
        check(Arch::X86_64, "rseq_slice_yield", Some("7.0"));
        check(Arch::X86_64, "tuxcall", None);
        check(Arch::Aarch64, "open", None);
        check(Arch::X86, "no_such_call", None);
        assert_eq!(Release::parse("2.6.16.1"), None);
        assert_eq!(Release::parse("6"), None);
        assert_eq!(Release::parse("x.1"), None);
    }

    /// The numbers that all architectures share were given out one after the other.
    #[test]
    fn common_numbers_rise_with_the_releases() {
        let mut last = release(5, 1);
        for number in 424..=471 {
            let Some(name) = table(Arch::X86_64).name(number) else {
                continue;
            };
            let first = about(name).unwrap().since.unwrap();
            // Numbers that were kept for these while they were worked on.
            if !matches!(name, "close_range" | "quotactl_fd") {
                assert!(first >= last, "{name}: {first} after {last}");
                last = first;
            }
        }
    }
}
