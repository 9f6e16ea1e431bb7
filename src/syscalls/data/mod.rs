//! Tables of the architectures which the `syscalls` crate lacks, generated from kernel headers.
//!
//! Numbers are without the base that an architecture adds to all of them.

pub(super) mod m68k;
pub(super) mod mips64n32;
pub(super) mod parisc;
pub(super) mod parisc64;
pub(super) mod s390;
pub(super) mod sh;
pub(super) mod x32;
