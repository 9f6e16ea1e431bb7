//! Architectures: what the kernel, libseccomp, OCI, Docker and Go call each one.
//!
//! No system call names here; those are in [`crate::syscalls`].

use std::fmt;
use std::str::FromStr;

/// An architecture as a seccomp filter sees it: one `seccomp_data.arch` value, and for
/// x32 one bit of the number besides.
///
/// The list is libseccomp's (`include/seccomp.h.in`), which is also that of the OCI runtime
/// specification. The order is that of the names, so that output sorted by architecture is
/// sorted by name too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the name of each is all there is to say")]
pub enum Arch {
    Aarch64,
    Arm,
    Loongarch64,
    M68k,
    Mips,
    Mips64,
    Mips64n32,
    Mipsel,
    Mipsel64,
    Mipsel64n32,
    Parisc,
    Parisc64,
    Ppc,
    Ppc64,
    Ppc64le,
    Riscv64,
    S390,
    S390x,
    Sh,
    Sheb,
    X32,
    X86,
    X86_64,
}

/// What is known of one architecture.
struct Facts {
    /// The name used by callsieve; libseccomp's own string, which is also the end of the
    /// `SCMP_ARCH_` name in lower case.
    name: &'static str,
    scmp: &'static str,
    /// `AUDIT_ARCH_*` in include/uapi/linux/audit.h.
    audit: u32,
    /// The `GOARCH` of a daemon that runs on it.
    goarch: Option<&'static str>,
    /// What Docker writes in `includes.arches`.
    docker: Option<&'static str>,
    /// `uname -m` and other spellings that are accepted on input.
    aliases: &'static [&'static str],
}

impl Arch {
    /// Every architecture, in the order of the names.
    pub const ALL: [Self; 23] = [
        Self::Aarch64,
        Self::Arm,
        Self::Loongarch64,
        Self::M68k,
        Self::Mips,
        Self::Mips64,
        Self::Mips64n32,
        Self::Mipsel,
        Self::Mipsel64,
        Self::Mipsel64n32,
        Self::Parisc,
        Self::Parisc64,
        Self::Ppc,
        Self::Ppc64,
        Self::Ppc64le,
        Self::Riscv64,
        Self::S390,
        Self::S390x,
        Self::Sh,
        Self::Sheb,
        Self::X32,
        Self::X86,
        Self::X86_64,
    ];

    /// The architecture this program was compiled for, which is that of the kernel it talks to
    /// or one of its sub-architectures.
    pub fn of_this_build() -> Option<Self> {
        Self::from_name(std::env::consts::ARCH)
    }

    /// The smallest number that a call of it can have.
    pub const fn first_number(self) -> u32 {
        if matches!(self, Self::X32) {
            X32_BIT
        } else {
            0
        }
    }

    #[expect(clippy::too_many_lines, reason = "one entry for each architecture")]
    const fn facts(self) -> Facts {
        /// Bits of an audit value, include/uapi/linux/audit.h.
        const BITS64: u32 = 0x8000_0000;
        const LE: u32 = 0x4000_0000;
        const N32: u32 = 0x2000_0000;
        const fn facts(
            name: &'static str,
            scmp: &'static str,
            audit: u32,
            goarch: Option<&'static str>,
            docker: Option<&'static str>,
            aliases: &'static [&'static str],
        ) -> Facts {
            Facts {
                name,
                scmp,
                audit,
                goarch,
                docker,
                aliases,
            }
        }
        match self {
            Self::Aarch64 => facts(
                "aarch64",
                "SCMP_ARCH_AARCH64",
                0xb7 | BITS64 | LE,
                Some("arm64"),
                Some("arm64"),
                &["arm64"],
            ),
            Self::Arm => facts(
                "arm",
                "SCMP_ARCH_ARM",
                0x28 | LE,
                Some("arm"),
                Some("arm"),
                &["armv7l", "armv6l", "armhf"],
            ),
            Self::Loongarch64 => facts(
                "loongarch64",
                "SCMP_ARCH_LOONGARCH64",
                0x102 | BITS64 | LE,
                Some("loong64"),
                Some("loongarch64"),
                &["loong64"],
            ),
            Self::M68k => facts("m68k", "SCMP_ARCH_M68K", 4, None, None, &[]),
            // Docker's table has no row for the GOARCH `mips`.
            Self::Mips => facts("mips", "SCMP_ARCH_MIPS", 8, Some("mips"), None, &[]),
            Self::Mips64 => facts(
                "mips64",
                "SCMP_ARCH_MIPS64",
                0x8 | BITS64,
                Some("mips64"),
                Some("mips64"),
                &[],
            ),
            Self::Mips64n32 => facts(
                "mips64n32",
                "SCMP_ARCH_MIPS64N32",
                0x8 | BITS64 | N32,
                Some("mips64p32"),
                Some("mips64n32"),
                &[],
            ),
            Self::Mipsel => facts(
                "mipsel",
                "SCMP_ARCH_MIPSEL",
                0x8 | LE,
                Some("mipsle"),
                Some("mipsel"),
                &[],
            ),
            Self::Mipsel64 => facts(
                "mipsel64",
                "SCMP_ARCH_MIPSEL64",
                0x8 | BITS64 | LE,
                Some("mips64le"),
                Some("mipsel64"),
                &[],
            ),
            Self::Mipsel64n32 => facts(
                "mipsel64n32",
                "SCMP_ARCH_MIPSEL64N32",
                0x8 | BITS64 | LE | N32,
                Some("mips64p32le"),
                // Docker's own table has the digit (moby/profiles seccomp/seccomp_linux.go).
                Some("mips3l64n32"),
                &[],
            ),
            Self::Parisc => facts("parisc", "SCMP_ARCH_PARISC", 15, None, None, &["hppa"]),
            Self::Parisc64 => facts(
                "parisc64",
                "SCMP_ARCH_PARISC64",
                0xf | BITS64,
                None,
                None,
                &["hppa64"],
            ),
            Self::Ppc => facts(
                "ppc",
                "SCMP_ARCH_PPC",
                20,
                Some("ppc"),
                Some("ppc"),
                &["powerpc"],
            ),
            Self::Ppc64 => facts(
                "ppc64",
                "SCMP_ARCH_PPC64",
                0x15 | BITS64,
                Some("ppc64"),
                Some("ppc64"),
                &["powerpc64"],
            ),
            Self::Ppc64le => facts(
                "ppc64le",
                "SCMP_ARCH_PPC64LE",
                0x15 | BITS64 | LE,
                Some("ppc64le"),
                Some("ppc64le"),
                &["powerpc64le"],
            ),
            Self::Riscv64 => facts(
                "riscv64",
                "SCMP_ARCH_RISCV64",
                0xf3 | BITS64 | LE,
                Some("riscv64"),
                Some("riscv64"),
                &[],
            ),
            Self::S390 => facts(
                "s390",
                "SCMP_ARCH_S390",
                22,
                Some("s390"),
                Some("s390"),
                &[],
            ),
            Self::S390x => facts(
                "s390x",
                "SCMP_ARCH_S390X",
                0x16 | BITS64,
                Some("s390x"),
                Some("s390x"),
                &[],
            ),
            Self::Sh => facts(
                "sh",
                "SCMP_ARCH_SH",
                0x2a | LE,
                None,
                None,
                &["sh4", "sh4l"],
            ),
            Self::Sheb => facts("sheb", "SCMP_ARCH_SHEB", 42, None, None, &["sh4b"]),
            Self::X32 => facts(
                "x32",
                "SCMP_ARCH_X32",
                0x3e | BITS64 | LE,
                Some("amd64p32"),
                // Docker's own profile asks for `x32`, but no daemon is called that.
                None,
                &[],
            ),
            Self::X86 => facts(
                "x86",
                "SCMP_ARCH_X86",
                0x3 | LE,
                Some("386"),
                Some("x86"),
                &["i386", "i486", "i586", "i686"],
            ),
            Self::X86_64 => facts(
                "x86_64",
                "SCMP_ARCH_X86_64",
                0x3e | BITS64 | LE,
                Some("amd64"),
                Some("amd64"),
                &["x86-64", "x64"],
            ),
        }
    }

    /// The name in callsieve's output and in libseccomp's.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// The name in a profile, for example `SCMP_ARCH_X86_64`.
    pub const fn scmp_name(self) -> &'static str {
        self.facts().scmp
    }

    /// `seccomp_data.arch`. x32 shares that of `x86_64`; its numbers have bit 30 set.
    pub const fn audit_value(self) -> u32 {
        self.facts().audit
    }

    /// The `GOARCH` of a container engine that runs on it, where Go has such a port.
    pub const fn goarch(self) -> Option<&'static str> {
        self.facts().goarch
    }

    /// What Docker compares `includes.arches` and `excludes.arches` with when its daemon runs on
    /// this architecture (moby/profiles, `seccomp/seccomp_linux.go`, `goToNative`).
    pub const fn docker_name(self) -> Option<&'static str> {
        self.facts().docker
    }

    /// The architecture with this `seccomp_data.arch` and system call number.
    pub fn from_audit(audit: u32, number: u32) -> Option<Self> {
        let arch = Self::ALL
            .into_iter()
            .find(|a| a.audit_value() == audit && *a != Self::X32)?;
        // -1 is what a tracer puts there to skip a call; the kernel and libseccomp except it.
        let x32 = number & X32_BIT != 0 && number != u32::MAX;
        Some(if arch == Self::X86_64 && x32 {
            Self::X32
        } else {
            arch
        })
    }

    /// The architecture called `SCMP_ARCH_…`.
    pub fn from_scmp(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.scmp_name() == name)
    }

    /// The architecture with this name, whoever uses it: libseccomp, Go, `uname -m`, OCI.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|arch| {
            let facts = arch.facts();
            facts.name == name
                || facts.scmp == name
                || facts.goarch == Some(name)
                || facts.aliases.contains(&name)
        })
    }

    /// The architectures whose kernels run programs of this one: itself (but for x32, which no
    /// kernel has alone) and those that have it as a sub-architecture.
    pub fn natives(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |native| {
            (*native == self && self != Self::X32) || native.sub_architectures().contains(&self)
        })
    }

    /// What else a kernel of this architecture can run, in the order of Docker's `archMap`.
    /// (Docker's own map lacks the rows of ppc64 and parisc64.)
    pub const fn sub_architectures(self) -> &'static [Self] {
        match self {
            Self::X86_64 => &[Self::X86, Self::X32],
            Self::Aarch64 => &[Self::Arm],
            Self::Mips64 => &[Self::Mips, Self::Mips64n32],
            Self::Mips64n32 => &[Self::Mips, Self::Mips64],
            Self::Mipsel64 => &[Self::Mipsel, Self::Mipsel64n32],
            Self::Mipsel64n32 => &[Self::Mipsel, Self::Mipsel64],
            Self::S390x => &[Self::S390],
            Self::Ppc64 => &[Self::Ppc],
            Self::Parisc64 => &[Self::Parisc],
            Self::Arm
            | Self::Loongarch64
            | Self::M68k
            | Self::Mips
            | Self::Mipsel
            | Self::Parisc
            | Self::Ppc
            | Self::Ppc64le
            | Self::Riscv64
            | Self::S390
            | Self::Sh
            | Self::Sheb
            | Self::X32
            | Self::X86 => &[],
        }
    }

    /// Whether a word of a program of this architecture has 64 bits. x32 and n32 programs have
    /// 32-bit pointers but 64-bit registers, so their system call arguments do too.
    pub const fn is_64_bit(self) -> bool {
        self.audit_value() & 0x8000_0000 != 0
    }

    /// Whether bytes are stored with the least significant first. libseccomp refuses a filter
    /// that mixes the two orders (-EDOM).
    pub const fn is_little_endian(self) -> bool {
        self.audit_value() & 0x4000_0000 != 0
    }
}

/// Bit 30 of the number of an x32 call, `__X32_SYSCALL_BIT` in the kernel.
pub const X32_BIT: u32 = 0x4000_0000;

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no architecture's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown architecture `{}`", name.escape_debug())]
pub struct UnknownArch {
    /// The name that was given.
    pub name: String,
}

impl FromStr for Arch {
    type Err = UnknownArch;

    fn from_str(name: &str) -> Result<Self, UnknownArch> {
        Self::from_name(name).ok_or_else(|| UnknownArch {
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_sorted_by_name_and_complete() {
        let names: Vec<_> = Arch::ALL.iter().map(|a| a.name()).collect();
        assert!(names.is_sorted());
        assert!(Arch::ALL.is_sorted());
    }

    #[test]
    fn every_name_leads_back() {
        for arch in Arch::ALL {
            assert_eq!(Arch::from_name(arch.name()), Some(arch));
            assert_eq!(Arch::from_scmp(arch.scmp_name()), Some(arch));
            assert_eq!(
                arch.scmp_name(),
                format!("SCMP_ARCH_{}", arch.name().to_uppercase())
            );
            if let Some(goarch) = arch.goarch() {
                assert_eq!(Arch::from_name(goarch), Some(arch));
            }
        }
    }

    /// Values from include/uapi/linux/audit.h, as engines.md and the kernel list them.
    #[test]
    fn audit_values() {
        assert_eq!(Arch::X86_64.audit_value(), 0xc000_003e);
        assert_eq!(Arch::X86.audit_value(), 0x4000_0003);
        assert_eq!(Arch::Aarch64.audit_value(), 0xc000_00b7);
        assert_eq!(Arch::Arm.audit_value(), 0x4000_0028);
        assert_eq!(Arch::Riscv64.audit_value(), 0xc000_00f3);
        assert_eq!(Arch::Ppc64le.audit_value(), 0xc000_0015);
        assert_eq!(Arch::S390x.audit_value(), 0x8000_0016);
        assert_eq!(Arch::Loongarch64.audit_value(), 0xc000_0102);
        assert_eq!(Arch::Mips64n32.audit_value(), 0xa000_0008);
        assert_eq!(Arch::from_audit(0xc000_003e, 1), Some(Arch::X86_64));
        assert_eq!(Arch::from_audit(0xc000_003e, X32_BIT | 1), Some(Arch::X32));
        assert_eq!(Arch::from_audit(0xc000_003e, u32::MAX), Some(Arch::X86_64));
        assert_eq!(Arch::from_audit(7, 1), None);
    }
}
