//! One table of numbers and names for each architecture.

use std::ops::Range;
use std::sync::LazyLock;

use super::SyscallName;
use super::data;
use super::repair::{self, Repair};
use crate::arch::{Arch, X32_BIT};

/// The system calls of one architecture, by number and by name.
#[derive(Debug)]
pub struct Table {
    /// Names from the lowest number on, without the gaps at the end that few architectures have.
    dense: Vec<Option<&'static str>>,
    lowest: u32,
    /// Numbers far above the others, in order: the private calls of 32-bit ARM.
    sparse: Vec<(u32, &'static str)>,
    by_name: Vec<(&'static str, u32)>,
}

impl Table {
    /// Numbers further above the lowest one are kept apart. The largest distance in a table is
    /// 547, but for ARM's.
    const DENSE: u32 = 1024;

    fn new(mut calls: Vec<(u32, &'static str)>, repair: &Repair) -> Self {
        repair.apply(&mut calls);
        calls.sort_unstable();
        let mut by_name: Vec<_> = calls.iter().map(|&(number, name)| (name, number)).collect();
        by_name.sort_unstable();
        let lowest = calls.first().map_or(0, |&(number, _)| number);
        let mut dense = Vec::new();
        let mut sparse = Vec::new();
        for (number, name) in calls {
            match usize::try_from(number - lowest) {
                Ok(at) if number - lowest < Self::DENSE => {
                    dense.resize(at, None);
                    dense.push(Some(name));
                }
                _ => sparse.push((number, name)),
            }
        }
        Self {
            dense,
            lowest,
            sparse,
            by_name,
        }
    }

    /// The name of a number; for x32 the number has bit 30 set, as the kernel and filters see it.
    pub fn name(&self, number: u32) -> Option<&'static str> {
        let at = usize::try_from(number.checked_sub(self.lowest)?).ok()?;
        if let Some(name) = self.dense.get(at) {
            return *name;
        }
        let at = self
            .sparse
            .binary_search_by_key(&number, |&(number, _)| number)
            .ok()?;
        self.sparse.get(at).map(|&(_, name)| name)
    }

    /// The smallest number in a range that has no name. Names are few, so one is near.
    pub fn unnamed(&self, range: Range<u32>) -> Option<u32> {
        let mut range = range;
        range.find(|number| self.name(*number).is_none())
    }

    /// The number of a name.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.entry(name).map(|(_, number)| number)
    }

    /// Every call, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static str, u32)> {
        self.by_name.iter().copied()
    }

    /// How many calls there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there are none, which holds for no architecture.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The name as a value that outlives the text it was found with, and the number.
    pub(super) fn entry(&self, name: &str) -> Option<(&'static str, u32)> {
        let at = self
            .by_name
            .binary_search_by_key(&name, |&(name, _)| name)
            .ok()?;
        self.by_name.get(at).copied()
    }
}

/// The calls of a module of the `syscalls` crate. Its own `iter` leaves out the last one.
macro_rules! of_crate {
    ($module:ident) => {{
        use syscalls::$module::Sysno;
        (Sysno::first().id()..=Sysno::last().id())
            .filter_map(|number| {
                let call = Sysno::new(usize::try_from(number).ok()?)?;
                Some((u32::try_from(number).ok()?, call.name()))
            })
            .collect()
    }};
}

/// The calls of a data file. The base is the first number of the interface:
/// `__X32_SYSCALL_BIT`, or 6000 for MIPS n32.
fn of_data(calls: &[(u32, &'static str)], base: u32) -> Vec<(u32, &'static str)> {
    calls
        .iter()
        .map(|&(number, name)| (base + number, name))
        .collect()
}

/// A table that is built when it is first asked for.
macro_rules! lazy {
    ($calls:expr, $repair:expr) => {{
        static TABLE: LazyLock<Table> = LazyLock::new(|| Table::new($calls, &$repair));
        &TABLE
    }};
}

/// The table of an architecture, as of Linux 7.2.
///
/// Architectures that differ in nothing but the order of bytes share one.
pub fn table(arch: Arch) -> &'static Table {
    match arch {
        Arch::Aarch64 => lazy!(of_crate!(aarch64), repair::AARCH64),
        Arch::Arm => lazy!(of_crate!(arm), repair::ARM),
        Arch::Loongarch64 => lazy!(of_crate!(loongarch64), repair::LOONGARCH64),
        Arch::M68k => lazy!(of_data(data::m68k::CALLS, 0), Repair::NONE),
        Arch::Mips | Arch::Mipsel => lazy!(of_crate!(mips), repair::MIPS),
        Arch::Mips64 | Arch::Mipsel64 => lazy!(of_crate!(mips64), repair::MIPS64),
        Arch::Mips64n32 | Arch::Mipsel64n32 => {
            lazy!(of_data(data::mips64n32::CALLS, 6000), Repair::NONE)
        }
        Arch::Parisc => lazy!(of_data(data::parisc::CALLS, 0), Repair::NONE),
        Arch::Parisc64 => lazy!(of_data(data::parisc64::CALLS, 0), Repair::NONE),
        Arch::Ppc => lazy!(of_crate!(powerpc), repair::OLD),
        Arch::Ppc64 | Arch::Ppc64le => lazy!(of_crate!(powerpc64), repair::OLD),
        Arch::Riscv64 => lazy!(of_crate!(riscv64), repair::OLD),
        Arch::S390 => lazy!(of_data(data::s390::CALLS, 0), repair::S390),
        Arch::S390x => lazy!(of_crate!(s390x), repair::OLD),
        Arch::Sh | Arch::Sheb => lazy!(of_data(data::sh::CALLS, 0), Repair::NONE),
        Arch::X32 => lazy!(of_data(data::x32::CALLS, X32_BIT), Repair::NONE),
        Arch::X86 => lazy!(of_crate!(x86), repair::OLD),
        Arch::X86_64 => lazy!(of_crate!(x86_64), repair::OLD),
    }
}

/// Whether any architecture has a call of this name.
pub fn exists(name: &SyscallName) -> bool {
    Arch::ALL
        .into_iter()
        .any(|arch| table(arch).number(name.as_str()).is_some())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_number_and_name_is_unique_and_leads_back() {
        for arch in Arch::ALL {
            let table = table(arch);
            let numbers: BTreeSet<u32> = table.iter().map(|(_, number)| number).collect();
            let names: BTreeSet<&str> = table.iter().map(|(name, _)| name).collect();
            assert_eq!(numbers.len(), table.len(), "{arch}");
            assert_eq!(names.len(), table.len(), "{arch}");
            assert!(table.len() > 300, "{arch}");
            for (name, number) in table.iter() {
                assert_eq!(table.name(number), Some(name), "{arch}");
                assert_eq!(table.number(name), Some(number), "{arch}");
                assert!(SyscallName::new(name).is_ok(), "{name}");
            }
        }
    }

    #[test]
    fn what_is_not_there() {
        for arch in Arch::ALL {
            let table = table(arch);
            assert_eq!(table.name(u32::MAX), None, "{arch}");
            assert_eq!(table.name(2000), None, "{arch}");
            assert_eq!(table.number("r#break"), None, "{arch}");
            assert_eq!(table.number(""), None, "{arch}");
            assert_eq!(table.number("not_a_call"), None, "{arch}");
        }
        // Bit 30 makes the difference between the two interfaces of one audit value.
        assert_eq!(table(Arch::X32).name(0), None);
        assert_eq!(table(Arch::X86_64).name(X32_BIT), None);
    }

    /// Each fault of the crate that is put right, and what only own data has.
    #[test]
    fn known_calls() {
        for (arch, number, name) in [
            (Arch::Aarch64, 79, "newfstatat"),
            (Arch::Loongarch64, 79, "newfstatat"),
            (Arch::X86, 17, "break"),
            (Arch::Mips, 4017, "break"),
            (Arch::X86_64, 469, "file_setattr"),
            (Arch::X86_64, 471, "rseq_slice_yield"),
            (Arch::Mipsel64, 5450, "set_mempolicy_home_node"),
            (Arch::Mipsel64n32, 6470, "listns"),
            (Arch::Arm, 270, "arm_fadvise64_64"),
            (Arch::Arm, 341, "arm_sync_file_range"),
            (Arch::Arm, 983_045, "set_tls"),
            (Arch::X32, X32_BIT | 1, "write"),
            (Arch::X32, X32_BIT | 0x208, "execve"),
            (Arch::S390, 120, "clone"),
            (Arch::Sheb, 388, "sync_file_range2"),
        ] {
            assert_eq!(table(arch).name(number), Some(name), "{arch}");
            assert_eq!(table(arch).number(name), Some(number), "{arch}");
        }
        for (arch, name) in [
            (Arch::Aarch64, "fstatat"),
            (Arch::Aarch64, "futex_time64"),
            (Arch::Loongarch64, "renameat"),
            (Arch::Loongarch64, "getrlimit"),
            (Arch::Loongarch64, "clock_gettime64"),
            (Arch::Mips, "unused18"),
            (Arch::S390, "listns"),
        ] {
            assert_eq!(table(arch).number(name), None, "{arch}");
        }
    }
}
