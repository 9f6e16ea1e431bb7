//! The names of other architectures for what was measured on `x86_64`, by the kernel's tables. None
//! of it was measured.

use crate::arch::Arch;
use crate::syscalls::table;

/// What a 32-bit runtime calls as well.
const ON_32_BIT: &[(&str, &str)] = &[
    ("fchown", "fchown32"),
    ("fcntl", "fcntl64"),
    ("fstat", "fstat64"),
    ("fstatfs", "fstatfs64"),
    ("futex", "futex_time64"),
    ("mmap", "mmap2"),
    ("nanosleep", "clock_nanosleep_time64"),
    ("newfstatat", "fstatat64"),
    ("pselect6", "pselect6_time64"),
    ("rt_sigtimedwait", "rt_sigtimedwait_time64"),
    ("setgid", "setgid32"),
    ("setgroups", "setgroups32"),
    ("setresgid", "setresgid32"),
    ("setresuid", "setresuid32"),
    ("setuid", "setuid32"),
];

/// What is called where there is no such call.
const IN_PLACE_OF: &[(&str, &str)] = &[("getpgrp", "getpgid"), ("readlink", "readlinkat")];

/// What `name`, which was seen on `x86_64`, is on `arch`.
pub(super) fn names(name: &'static str, arch: Arch) -> impl Iterator<Item = &'static str> {
    let has = move |name: &str| table(arch).number(name).is_some();
    let also = ON_32_BIT
        .iter()
        .filter(move |(here, _)| *here == name && !arch.is_64_bit());
    let instead = IN_PLACE_OF
        .iter()
        .filter(move |(here, _)| *here == name && !has(name));
    std::iter::once(name)
        .chain(also.chain(instead).map(|(_, other)| *other))
        .filter(move |name| has(name))
}
