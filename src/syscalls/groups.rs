//! Families of calls, to fold long lists of names.
//!
//! A grouping for readers, not for decisions: every name is in the one family where one would
//! look for it. The families follow the sets of systemd (`systemd-analyze syscall-filter`), cut
//! so that they do not overlap, and the kernel's own division (fs/, mm/, kernel/sched/, ipc/,
//! net/, security/). Which name is where stands in `about`: one file a family.

use std::fmt;

use super::about;

/// A family of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Birth, program and end of processes and threads.
    Process,
    /// Address space: mapping, protection, advice, locking, placement.
    Memory,
    /// Opening, reading and writing files and other descriptors.
    Files,
    /// Names, directories, attributes and limits of use in file systems.
    Metadata,
    /// Waiting for descriptors and watching files.
    Events,
    /// Sockets.
    Network,
    /// Sending, handling and waiting for signals.
    Signals,
    /// Clocks, timers and sleep.
    Time,
    /// Priority, affinity and processor.
    Scheduling,
    /// User, group and capabilities of the process.
    Ids,
    /// Futexes, message queues, semaphores, shared memory, access to another process.
    Ipc,
    /// Resource limits.
    Limits,
    /// Asynchronous input and output, `io_uring` among it.
    Aio,
    /// Mounts and namespaces.
    Mounts,
    /// Filters, security modules and keys.
    Security,
    /// Debuggers, probes, counters and BPF.
    Tracing,
    /// The machine as a whole: modules, swap, reboot, names, hardware.
    System,
    /// Calls that the kernel never had or has no more, and names that no table has.
    Other,
}

impl Group {
    /// Every group, in the order in which they are shown.
    pub const ALL: [Self; 18] = [
        Self::Process,
        Self::Memory,
        Self::Files,
        Self::Metadata,
        Self::Events,
        Self::Network,
        Self::Signals,
        Self::Time,
        Self::Scheduling,
        Self::Ids,
        Self::Ipc,
        Self::Limits,
        Self::Aio,
        Self::Mounts,
        Self::Security,
        Self::Tracing,
        Self::System,
        Self::Other,
    ];

    /// The name in output, one word in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Memory => "memory",
            Self::Files => "files",
            Self::Metadata => "metadata",
            Self::Events => "events",
            Self::Network => "network",
            Self::Signals => "signals",
            Self::Time => "time",
            Self::Scheduling => "scheduling",
            Self::Ids => "ids",
            Self::Ipc => "ipc",
            Self::Limits => "limits",
            Self::Aio => "aio",
            Self::Mounts => "mounts",
            Self::Security => "security",
            Self::Tracing => "tracing",
            Self::System => "system",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The group of a call; [`Group::Other`] for a name that no table has.
pub fn group(name: &str) -> Group {
    about(name).map_or(Group::Other, |about| about.group)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::arch::Arch;
    use crate::syscalls::table;

    fn all_names() -> BTreeSet<&'static str> {
        Arch::ALL
            .iter()
            .flat_map(|&arch| table(arch).iter().map(|(name, _)| name))
            .collect()
    }

    /// What is left over on any architecture: places in the tables that never became calls, or
    /// are no more.
    #[test]
    fn other_is_what_is_no_call() {
        let other: Vec<&str> = all_names()
            .into_iter()
            .filter(|name| group(name) == Group::Other)
            .collect();
        assert_eq!(other, OTHER);
        let of_x86_64 = |name: &&&str| table(Arch::X86_64).number(name).is_some();
        assert!(OTHER.iter().filter(of_x86_64).count() <= 6);
    }

    const OTHER: &[&str] = &[
        "afs_syscall",
        "getpmsg",
        "gtty",
        "lock",
        "mpx",
        "prof",
        "profil",
        "putpmsg",
        "stty",
        "tuxcall",
        "vserver",
    ];

    #[test]
    fn examples() {
        for (name, expected) in [
            ("openat", Group::Files),
            ("newfstatat", Group::Metadata),
            ("futex_time64", Group::Ipc),
            ("io_uring_setup", Group::Aio),
            ("socketcall", Group::Network),
            ("no_such_call", Group::Other),
            ("", Group::Other),
        ] {
            assert_eq!(group(name), expected, "{name}");
        }
    }

    #[test]
    fn every_group_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = Group::ALL.iter().map(|group| group.name()).collect();
        assert_eq!(names.len(), Group::ALL.len());
        assert!(Group::ALL.is_sorted());
    }
}
