//! Names under which strace and the kernel's tracepoints print a call that libseccomp names
//! otherwise.

use super::table;
use crate::arch::Arch;

/// A printed name and the names it can stand for, the likeliest first. An alias counts only
/// where the table has no call of the printed name itself.
const ALIASES: &[(&str, &[&str])] = &[
    // strace up to 4.10.
    ("_exit", &["exit"]),
    ("pread", &["pread64"]),
    ("pwrite", &["pwrite64"]),
    // strace up to 4.8 on 64-bit architectures, and the tracepoint everywhere.
    ("umount", &["umount2"]),
    // strace up to 4.10 on i386 and its relatives.
    ("oldumount", &["umount"]),
    ("old_mmap", &["mmap"]),
    ("oldselect", &["select"]),
    ("old_getrlimit", &["getrlimit"]),
    ("siggetmask", &["sgetmask"]),
    ("sigsetmask", &["ssetmask"]),
    // strace on 32-bit ARM, and the tracepoint where the argument order is the plain one.
    ("fadvise64_64", &["arm_fadvise64_64", "fadvise64"]),
    ("sync_file_range2", &["arm_sync_file_range"]),
    // Tracepoints: the name in SYSCALL_DEFINE of fs/, kernel/, mm/ and arch/s390/.
    ("newstat", &["stat"]),
    ("newlstat", &["lstat"]),
    ("newfstat", &["fstat"]),
    ("newuname", &["uname"]),
    ("sendfile64", &["sendfile"]),
    ("select", &["_newselect"]),
    ("getrlimit", &["ugetrlimit"]),
    ("llseek", &["_llseek"]),
    ("sysctl", &["_sysctl"]),
    ("mmap_pgoff", &["mmap2"]),
    ("old_readdir", &["readdir"]),
    ("old_select", &["select"]),
    ("s390_ipc", &["ipc"]),
    ("s390_personality", &["personality"]),
];

/// Suffixes of tracepoints whose call takes 32-bit times, on 32-bit architectures:
/// `futex_time32` is the call `futex`, as `clock_gettime32` is `clock_gettime`.
const TIME32: [&str; 2] = ["_time32", "32"];

/// The table's name of a call printed as `printed`; a name of the table stands for itself.
/// `None` if the architecture has no such call.
///
/// Two tracepoints of 32-bit kernels cannot be told from table names: `uname` is the call
/// `olduname` there, and `futex`, `ppoll`, … are `futex_time64`, `ppoll_time64`, …. A log of
/// tracepoints of such a kernel has to be read by number.
///
/// Sources: the tables of strace 4.8 to 7.2 (`src/linux/*/syscallent.h`), and
/// `/sys/kernel/tracing/events/syscalls` of Linux 6.18.
pub fn canonical(arch: Arch, printed: &str) -> Option<&'static str> {
    let table = table(arch);
    let in_table = |name: &str| table.entry(name).map(|(name, _)| name);
    if let Some(name) = in_table(printed) {
        return Some(name);
    }
    let alias = ALIASES.iter().find(|(alias, _)| *alias == printed);
    if let Some((_, targets)) = alias {
        return targets.iter().find_map(|target| in_table(target));
    }
    if arch.is_64_bit() {
        return None;
    }
    let base = TIME32
        .iter()
        .find_map(|suffix| printed.strip_suffix(suffix))?;
    // Without the partner that takes 64-bit times the 32 would mean something else.
    [format!("{base}_time64"), format!("{base}64")]
        .iter()
        .any(|partner| in_table(partner).is_some())
        .then(|| in_table(base))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arch: Arch, printed: &str, expected: Option<&str>) {
        assert_eq!(canonical(arch, printed), expected, "{arch} {printed}");
    }

    #[test]
    fn names_of_the_table_are_themselves() {
        for arch in Arch::ALL {
            for (name, _) in table(arch).iter() {
                check(arch, name, Some(name));
            }
        }
    }

    #[test]
    fn old_names_of_strace() {
        check(Arch::X86_64, "_exit", Some("exit"));
        check(Arch::X86_64, "pread", Some("pread64"));
        check(Arch::Aarch64, "pwrite", Some("pwrite64"));
        check(Arch::X86_64, "umount", Some("umount2"));
        check(Arch::X86, "umount", Some("umount"));
        check(Arch::X86, "oldumount", Some("umount"));
        check(Arch::X86_64, "oldumount", None);
        check(Arch::X86, "old_mmap", Some("mmap"));
        check(Arch::X86, "oldselect", Some("select"));
        check(Arch::X86, "old_getrlimit", Some("getrlimit"));
        check(Arch::X86, "siggetmask", Some("sgetmask"));
        check(Arch::X86, "sigsetmask", Some("ssetmask"));
        check(Arch::X86_64, "siggetmask", None);
    }

    #[test]
    fn names_that_differ_by_architecture() {
        check(Arch::Arm, "fadvise64_64", Some("arm_fadvise64_64"));
        check(Arch::X86, "fadvise64_64", Some("fadvise64_64"));
        check(Arch::Aarch64, "fadvise64_64", Some("fadvise64"));
        check(Arch::Arm, "sync_file_range2", Some("arm_sync_file_range"));
        check(Arch::Ppc64le, "sync_file_range2", Some("sync_file_range2"));
        check(Arch::X86_64, "sync_file_range2", None);
        // strace's riscv64 has 38, which the kernel does not.
        check(Arch::Riscv64, "renameat", None);
    }

    #[test]
    fn tracepoints() {
        for (printed, name) in [
            ("newstat", "stat"),
            ("newlstat", "lstat"),
            ("newfstat", "fstat"),
            ("newuname", "uname"),
            ("sendfile64", "sendfile"),
        ] {
            check(Arch::X86_64, printed, Some(name));
        }
        check(Arch::X86, "sendfile64", Some("sendfile64"));
        check(Arch::Aarch64, "newlstat", None);
        check(Arch::Arm, "futex_time32", Some("futex"));
        check(Arch::Arm, "clock_gettime32", Some("clock_gettime"));
        check(Arch::X86_64, "futex_time32", None);
        check(Arch::X86, "getuid32", Some("getuid32"));
        check(Arch::X86, "read32", None);
        check(Arch::X86, "32", None);
    }

    /// An alias that no architecture needs is a spelling mistake.
    #[test]
    fn every_alias_is_needed_somewhere() {
        for (printed, targets) in ALIASES {
            let needed = Arch::ALL
                .iter()
                .any(|&arch| canonical(arch, printed).is_some_and(|name| targets.contains(&name)));
            assert!(needed, "{printed}");
        }
    }
}
