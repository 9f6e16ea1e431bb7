//! What is put right in a table before it is used.
//!
//! Two sources are behind the tables: the `syscalls` crate 0.8.1 (Linux 6.18), which has a few
//! names that the kernel does not have, and headers. The name of record is libseccomp's.

/// Changes to one table, applied in the order of the fields.
#[derive(Default)]
pub(super) struct Repair {
    /// Names which the architecture does not have.
    pub(super) remove: &'static [&'static str],
    /// Whether to remove the `…64` calls for 32-bit programs (403 to 423 of the common numbers).
    pub(super) remove_time64: bool,
    /// Wrong name and right name.
    pub(super) rename: &'static [(&'static str, &'static str)],
    /// Numbers and names that are missing, with the architecture's base.
    pub(super) add: &'static [(u32, &'static str)],
}

impl Repair {
    pub(super) const NONE: Self = Self {
        remove: &[],
        remove_time64: false,
        rename: &[],
        add: &[],
    };

    pub(super) fn apply(&self, calls: &mut Vec<(u32, &'static str)>) {
        calls.retain(|&(number, name)| {
            let time64 = self.remove_time64 && (403..=423).contains(&number);
            // Names that the crate gives to numbers of MIPS which never had a call.
            let vacant = name.starts_with("unused") || name.starts_with("reserved");
            !(time64 || vacant || self.remove.contains(&name))
        });
        for (_, name) in calls.iter_mut() {
            // A raw identifier of Rust, in the crate's x86, arm, mips and powerpc: `break`.
            *name = name.strip_prefix("r#").unwrap_or(name);
            if let Some(&(_, right)) = self.rename.iter().find(|(wrong, _)| wrong == name) {
                *name = right;
            }
        }
        calls.extend_from_slice(self.add);
    }
}

/// Calls younger than the crate: `listns` of Linux 6.19 and `rseq_slice_yield` of Linux 7.0, in
/// scripts/syscall.tbl and every arch/*/syscalls/*.tbl of the kernel.
const NEWEST: &[(u32, &str)] = &[(470, "listns"), (471, "rseq_slice_yield")];

/// A table of the crate that is right up to its age.
pub(super) const OLD: Repair = Repair {
    add: NEWEST,
    ..Repair::NONE
};

/// The crate reads scripts/syscall.tbl without the choice of lines in
/// arch/arm64/kernel/Makefile.syscalls.
pub(super) const AARCH64: Repair = Repair {
    remove_time64: true,
    rename: &[("fstatat", "newfstatat")],
    ..OLD
};

/// As for [`AARCH64`]; arch/loongarch/kernel/Makefile.syscalls leaves out three more.
pub(super) const LOONGARCH64: Repair = Repair {
    remove: &["renameat", "getrlimit", "setrlimit"],
    ..AARCH64
};

/// Private calls, `__ARM_NR_*` in arch/arm/include/uapi/asm/unistd.h.
pub(super) const ARM: Repair = Repair {
    add: &[
        (470, "listns"),
        (471, "rseq_slice_yield"),
        (0x000f_0001, "breakpoint"),
        (0x000f_0002, "cacheflush"),
        (0x000f_0003, "usr26"),
        (0x000f_0004, "usr32"),
        (0x000f_0005, "set_tls"),
        (0x000f_0006, "get_tls"),
    ],
    ..Repair::NONE
};

pub(super) const MIPS: Repair = Repair {
    add: &[(4470, "listns"), (4471, "rseq_slice_yield")],
    ..Repair::NONE
};

pub(super) const MIPS64: Repair = Repair {
    add: &[
        // Linux 5.17, arch/mips/kernel/syscalls/syscall_n64.tbl.
        (5450, "set_mempolicy_home_node"),
        (5470, "listns"),
        (5471, "rseq_slice_yield"),
    ],
    ..Repair::NONE
};

/// Calls between the headers of the data file (Linux 6.12) and Linux 6.19, which dropped 31-bit
/// programs: arch/s390/kernel/syscalls/syscall.tbl.
pub(super) const S390: Repair = Repair {
    add: &[
        (463, "setxattrat"),
        (464, "getxattrat"),
        (465, "listxattrat"),
        (466, "removexattrat"),
        (467, "open_tree_attr"),
        (468, "file_getattr"),
        (469, "file_setattr"),
    ],
    ..Repair::NONE
};
