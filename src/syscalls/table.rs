//! One table of numbers and names for each architecture.

use std::sync::LazyLock;

use crate::arch::Arch;

/// The system calls of one architecture, by number and by name.
#[derive(Debug)]
pub struct Table {
    by_number: Vec<(u32, &'static str)>,
    by_name: Vec<(&'static str, u32)>,
}

impl Table {
    fn new(mut by_number: Vec<(u32, &'static str)>) -> Self {
        by_number.sort_unstable();
        let mut by_name: Vec<_> = by_number.iter().map(|&(nr, name)| (name, nr)).collect();
        by_name.sort_unstable();
        Self { by_number, by_name }
    }

    /// The name of a number; for x32 the number has bit 30 set, as the kernel and filters see it.
    pub fn name(&self, number: u32) -> Option<&'static str> {
        let at = self
            .by_number
            .binary_search_by_key(&number, |&(nr, _)| nr)
            .ok()?;
        self.by_number.get(at).map(|&(_, name)| name)
    }

    /// The number of a name.
    pub fn number(&self, name: &str) -> Option<u32> {
        let at = self
            .by_name
            .binary_search_by_key(&name, |&(name, _)| name)
            .ok()?;
        self.by_name.get(at).map(|&(_, nr)| nr)
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
}

/// The table of an architecture.
pub fn table(_arch: Arch) -> &'static Table {
    static X86_64: LazyLock<Table> = LazyLock::new(|| {
        Table::new(
            (0..1024u32)
                .filter_map(|nr| {
                    let sysno = syscalls::x86_64::Sysno::new(usize::try_from(nr).ok()?)?;
                    Some((nr, sysno.name()))
                })
                .collect(),
        )
    });
    &X86_64
}
