//! callsieve: minimal seccomp profiles from what a program really calls.

pub mod arch;
pub mod profile;
pub mod syscalls;
